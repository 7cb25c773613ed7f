//! The file of the calls, line by line: no more than one of them is in memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::StringRecord;

use crate::args::Input;
use crate::exit::Problem;

/// The longest line, in bytes.
const LONGEST: u64 = 16 << 20;

/// A file of calls.
pub(crate) struct Lines {
    source: Source,
    name: String,
    number: u64,
}

enum Source {
    Jsonl(Box<dyn BufRead + Send>),
    Csv(Box<csv::Reader<Box<dyn BufRead + Send>>>, Arc<StringRecord>),
}

/// A line, to be filled anew.
#[derive(Default)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) text: Vec<u8>,
    /// A row and the names of its columns.
    pub(crate) row: Option<(Arc<StringRecord>, StringRecord)>,
}

impl Line {
    /// Tells it from another one.
    pub(crate) fn digest(&self) -> u32 {
        // FNV-1a: it finds accidents.
        let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        match &self.row {
            None => self.text.iter().fold(0x811c_9dc5, mix),
            Some((_, row)) => row.iter().fold(0x811c_9dc5, |hash, field| {
                field.as_bytes().iter().chain(&[0]).fold(hash, mix)
            }),
        }
    }
}

impl Lines {
    /// Opens a file; `read` counts its bytes.
    pub(crate) fn open(
        path: &Path,
        input: Option<Input>,
        read: Arc<AtomicU64>,
    ) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let is_csv = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let input = input.unwrap_or(if is_csv { Input::Csv } else { Input::Jsonl });
        let inner: Box<dyn Read + Send> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            let opened = File::open(path).and_then(|file| {
                if file.metadata()?.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                Ok(file)
            });
            Box::new(opened.map_err(|error| problem(&name, &error))?)
        };
        let mut reader: Box<dyn BufRead + Send> =
            Box::new(BufReader::with_capacity(1 << 16, Counted { inner, read }));
        if reader.fill_buf().map_err(|error| problem(&name, &error))?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        let source = match input {
            Input::Jsonl => Source::Jsonl(reader),
            Input::Csv => {
                let mut reader = csv::ReaderBuilder::new().from_reader(reader);
                let headers = reader.headers().map_err(|error| of_csv(&name, &error))?.clone();
                Source::Csv(Box::new(reader), Arc::new(headers))
            }
        };
        Ok(Self { source, name, number: 0 })
    }

    /// Reads the next line that is not blank; `false`: there is none.
    pub(crate) fn next(&mut self, line: &mut Line) -> Result<bool, Problem> {
        match &mut self.source {
            Source::Jsonl(reader) => loop {
                line.text.clear();
                let read = reader.take(LONGEST + 1).read_until(b'\n', &mut line.text);
                if read.map_err(|error| problem(&self.name, &error))? == 0 {
                    return Ok(false);
                }
                self.number += 1;
                if line.text.len() as u64 > LONGEST {
                    return Err(Problem::usage(format!(
                        "{}: line {} is longer than {LONGEST} bytes",
                        self.name, self.number
                    )));
                }
                let end = line.text.trim_ascii_end().len();
                line.text.truncate(end);
                if !line.text.is_empty() {
                    line.number = self.number;
                    return Ok(true);
                }
            },
            Source::Csv(reader, headers) => {
                let mut row = line.row.take().map(|(_, row)| row).unwrap_or_default();
                if !reader.read_record(&mut row).map_err(|error| of_csv(&self.name, &error))? {
                    return Ok(false);
                }
                self.number += 1;
                line.number = self.number;
                line.row = Some((Arc::clone(headers), row));
                Ok(true)
            }
        }
    }

    /// Counts the lines that are left.
    pub(crate) fn count(&mut self) -> Result<u64, Problem> {
        let (mut line, mut count) = (Line::default(), 0);
        while self.next(&mut line)? {
            count += 1;
        }
        Ok(count)
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn problem(name: &str, error: &io::Error) -> Problem {
    Problem::local(format!("cannot read {name}: {error}"))
}

/// Without the text of the row, which may hold what is secret.
fn of_csv(name: &str, error: &csv::Error) -> Problem {
    let place = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Io(error) => problem(name, error),
        csv::ErrorKind::Utf8 { .. } => Problem::usage(format!("{name}: line {place} is not UTF-8")),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Problem::usage(format!(
            "{name}: line {place} has {len} columns, and the first one {expected_len}"
        )),
        _ => Problem::usage(format!("{name}: line {place} is no CSV")),
    }
}
