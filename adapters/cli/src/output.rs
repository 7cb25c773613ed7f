//! The body of the answer: to a file, a pipe or a screen.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::args::Format;
use crate::exit::Problem;
use crate::{pretty, screen};

/// Writes the body where it is wanted. Bytes change only for people, or when indented JSON is asked for.
pub(crate) fn write(body: &[u8], format: Format, file: Option<&Path>) -> Result<(), Problem> {
    let indented = if format == Format::Json { pretty::indent(body) } else { None };
    if let Some(path) = file.filter(|path| path.as_os_str() != "-") {
        let bytes = indented.as_ref().map_or(body, |text| text.as_bytes());
        return fs::write(path, bytes)
            .map_err(|error| Problem::local(format!("cannot write {}: {error}", path.display())));
    }
    let mut out = io::stdout().lock();
    let written = match (indented, format) {
        (Some(text), _) => writeln!(out, "{}", shown(&text, out.is_terminal())),
        (None, Format::Auto) if out.is_terminal() => {
            let text =
                pretty::indent(body).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
            let text = screen::plain(&text);
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            write!(out, "{text}{end}")
        }
        (None, _) => out.write_all(body),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::local(format!("cannot write the body: {error}")))
        }
        // Whoever closed the pipe has read enough.
        _ => Ok(()),
    }
}

fn shown(text: &str, on_terminal: bool) -> String {
    if on_terminal { screen::plain(text) } else { text.to_owned() }
}
