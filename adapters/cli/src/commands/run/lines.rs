//! The file of the calls, line by line: no more than one of them is in memory.

use std::array;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::StringRecord;

use crate::args::Input;
use crate::exit::Problem;

/// The longest line, in bytes.
const LONGEST: usize = 16 << 20;

/// A file of calls.
pub(crate) struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// The names of the columns, if it has some.
    names: Option<Arc<StringRecord>>,
    name: String,
    /// How many lines of the file were read.
    number: u64,
    /// How many of them are calls, or ought to be.
    given: u64,
    pub(crate) taken: Taken,
}

/// A line, to be filled anew.
#[derive(Default)]
pub(crate) struct Line {
    /// Where it begins in the file, from 1.
    pub(crate) number: u64,
    pub(crate) text: Vec<u8>,
    /// A row and the names of its columns.
    pub(crate) row: Option<(Arc<StringRecord>, StringRecord)>,
    /// Why it is none.
    pub(crate) wrong: Option<String>,
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

/// The id of a line that says none.
pub(crate) fn default_id(line: u64) -> String {
    format!("line-{line}")
}

/// Whether an id is that of a line that says none.
pub(crate) fn is_default_id(id: &str) -> bool {
    let number = id.strip_prefix("line-").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Which ids are taken: of each a hash of 96 bits, and its line. They are in many maps, of which one grows at a time: a map that grows is
/// there twice for a while.
pub(crate) struct Taken {
    hashes: [RandomState; 2],
    lines: [HashMap<[u32; 3], u32>; 64],
}

impl Default for Taken {
    fn default() -> Self {
        Self { hashes: Default::default(), lines: array::from_fn(|_| HashMap::new()) }
    }
}

impl Taken {
    /// Takes an id for a line; if another line has it, returns that.
    pub(crate) fn take(&mut self, id: &str, line: u64) -> Option<u64> {
        let [first, second] = self.hashes.each_ref().map(|hash| hash.hash_one(id));
        #[expect(clippy::cast_possible_truncation, reason = "it is cut")]
        let key = [first as u32, (first >> 32) as u32, second as u32];
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let [.., last] = key;
        let lines = self.lines.get_mut(last as usize % 64)?;
        let own = *lines.entry(key).or_insert(line);
        (own != line).then(|| own.into())
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
        let (names, taken) = (None, Taken::default());
        let mut lines = Self { reader, names, name, number: 0, given: 0, taken };
        if input == Input::Csv {
            lines.names = Some(Arc::default());
            let mut line = Line::default();
            lines.read(&mut line)?;
            if let Some(wrong) = line.wrong.filter(|_| line.row.is_none()) {
                let (name, number) = (&lines.name, line.number);
                return Err(Problem::usage(format!("{name}: line {number}: {wrong}")));
            }
            let names = line.row.map(|(_, row)| row).unwrap_or_default();
            lines.names = Some(Arc::new(names));
        }
        Ok(lines)
    }

    /// Returns the names of the columns, if the file has some.
    pub(crate) fn names(&self) -> Option<&StringRecord> {
        self.names.as_deref()
    }

    /// Reads the next line that is not blank; `false`: there is none.
    pub(crate) fn next(&mut self, line: &mut Line) -> Result<bool, Problem> {
        let is_there = self.read(line)?;
        self.given += u64::from(is_there);
        Ok(is_there)
    }

    fn read(&mut self, line: &mut Line) -> Result<bool, Problem> {
        let is_csv = self.names.is_some();
        loop {
            line.text.clear();
            (line.row, line.wrong) = (None, None);
            line.number = self.number + 1;
            let (mut quotes, mut is_long, mut is_whole) = (Quotes::default(), false, None);
            loop {
                let begin = line.text.len();
                let ended = self.piece(&mut line.text).map_err(|e| problem(&self.name, &e))?;
                let new = line.text.get(begin..).unwrap_or_default();
                if new.is_empty() {
                    break;
                }
                is_whole = Some(ended);
                if is_csv {
                    quotes.read(new);
                }
                if line.text.len() > LONGEST {
                    is_long = true;
                    line.text.clear();
                }
                self.number += u64::from(ended);
                if ended && !(is_csv && quotes.is_open()) {
                    break;
                }
            }
            match is_whole {
                None => return Ok(false),
                Some(true) => {}
                // The last one has no end.
                Some(false) => self.number += 1,
            }
            if is_long {
                line.text = Vec::new();
                line.wrong = Some(format!("the line is longer than {LONGEST} bytes"));
                return Ok(true);
            }
            let end = if is_csv {
                let end = line.text.strip_suffix(b"\n").unwrap_or(&line.text);
                end.strip_suffix(b"\r").unwrap_or(end).len()
            } else {
                line.text.trim_ascii_end().len()
            };
            line.text.truncate(end);
            if line.text.is_empty() {
                continue;
            }
            if let Some(names) = &self.names {
                match row(&line.text, &quotes) {
                    Ok(row) => {
                        if !names.is_empty() && names.len() != row.len() {
                            let (own, all) = (row.len(), names.len());
                            let wrong = format!("columns: {own}, and {all} in the first line");
                            line.wrong = Some(wrong);
                        }
                        line.row = Some((Arc::clone(names), row));
                    }
                    Err(wrong) => line.wrong = Some(wrong),
                }
            }
            return Ok(true);
        }
    }

    /// Reads to the end of a line, or so much of it as is at hand; tells whether it ended.
    fn piece(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let at_hand = loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => break self.reader.fill_buf()?,
            }
        };
        let end = at_hand.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let count = end.unwrap_or(at_hand.len());
        text.extend_from_slice(at_hand.get(..count).unwrap_or_default());
        self.reader.consume(count);
        Ok(end.is_some())
    }

    /// Reads the lines that are left, and counts all of them.
    pub(crate) fn count(&mut self) -> Result<u64, Problem> {
        let mut line = Line::default();
        while self.next(&mut line)? {}
        Ok(self.given)
    }
}

/// Where a row is: within quotes a line ends no row.
#[derive(Default)]
struct Quotes {
    place: Place,
    /// Whether a carriage return came that no line feed follows.
    has_return: bool,
    after_return: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// A field begins.
    #[default]
    Begin,
    Plain,
    Quoted,
    /// A quote within quotes: they end, or it is doubled.
    Quote,
}

impl Quotes {
    fn read(&mut self, text: &[u8]) {
        for byte in text {
            if std::mem::take(&mut self.after_return) && *byte != b'\n' {
                self.has_return = true;
            }
            self.place = match (self.place, *byte) {
                (Place::Quoted, b'"') => Place::Quote,
                (Place::Quoted, _) | (Place::Begin | Place::Quote, b'"') => Place::Quoted,
                (_, b',') => Place::Begin,
                (place, b'\r') => {
                    self.after_return = true;
                    place
                }
                _ => Place::Plain,
            };
        }
    }

    fn is_open(&self) -> bool {
        self.place == Place::Quoted
    }
}

/// Reads a row; without its text, which may hold what is secret, in what is wrong.
fn row(text: &[u8], quotes: &Quotes) -> Result<StringRecord, String> {
    if quotes.has_return {
        return Err("a carriage return stands outside quotes".to_owned());
    }
    if quotes.is_open() {
        return Err("a quote is not closed".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).buffer_capacity(text.len().clamp(64, 1 << 16));
    let mut row = StringRecord::new();
    match reader.from_reader(text).read_record(&mut row) {
        Ok(true) => Ok(row),
        Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
            Err("it is not UTF-8".to_owned())
        }
        _ => Err("it is no CSV".to_owned()),
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
