//! The file `.netrc`: logins by host, as text that the caller passes in.

use std::borrow::Cow;
use std::fmt;

use crate::base::url::host;
use crate::base::{Bound, Error, ErrorKind, Origin, Secret};

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// The most entries in one text.
const MAX_ENTRIES: usize = 10_000;

/// Logins by host, read from the text of a `.netrc` file.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Netrc {
    entries: Vec<Entry>,
}

/// Tells how many entries there are.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netrc({} entries)", self.entries.len())
    }
}

#[derive(Clone, Default, PartialEq, Eq)]
struct Entry {
    /// `None` is the entry `default`.
    host: Option<String>,
    login: String,
    account: String,
    password: Option<Secret>,
}

impl Netrc {
    /// Reads the text, by the rules of Python's `netrc` module, which the original uses.
    ///
    /// Words are parted by white space; `"…"` and `\` quote; `macdef` reaches to the next empty line. A word that begins
    /// with `#` where a keyword is due makes the rest of its line a comment, also where Python stumbles over it (behind an
    /// empty line, or without a blank); where a value is due it is the value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] with the line of a word that has no place there; [`ErrorKind::Limit`] past 1 MiB or
    /// 10,000 entries. The original takes such a file for an empty one.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::Limit, "netrc: longer than 1 MiB"));
        }
        let text = lines(text);
        let mut words = Words { rest: &text, line: 1, began: 1 };
        let mut netrc = Self::default();
        let mut open = false;
        // An empty word, which only quotes can make, ends the file as its end does.
        while let Some(word) = words.next().filter(|word| !word.is_empty()) {
            if word.starts_with('#') {
                if words.line == words.began {
                    words.skip_line();
                }
                continue;
            }
            match word.as_str() {
                "machine" => {
                    netrc.begin(Some(words.need("a host")?))?;
                    open = true;
                }
                "default" => {
                    netrc.begin(None)?;
                    open = true;
                }
                "macdef" => {
                    words.next();
                    words.skip_macro()?;
                    open = false;
                }
                field => {
                    let entry = netrc.entries.last_mut().filter(|_| open);
                    let entry = entry.ok_or_else(|| words.misplaced())?;
                    match field {
                        "login" | "user" => entry.login = words.next().unwrap_or_default(),
                        "account" => entry.account = words.next().unwrap_or_default(),
                        "password" => entry.password = words.next().map(Secret::new),
                        _ => return Err(words.misplaced()),
                    }
                }
            }
        }
        Ok(netrc)
    }

    fn begin(&mut self, host: Option<String>) -> Result<(), Error> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(Error::new(ErrorKind::Limit, "netrc: more than 10,000 entries"));
        }
        self.entries.push(Entry { host, ..Entry::default() });
        Ok(())
    }

    /// Returns login and password for an origin, whose host is compared as a whole, in its normal form: bound to that origin, and
    /// no other.
    ///
    /// The last entry of a host wins; `default` stands in where a host has none. An entry without a password gives
    /// an empty one, an entry without anything gives nothing, and an account stands in for a login.
    pub(crate) fn find(&self, origin: &Origin) -> Option<Bound<(String, Secret)>> {
        let is_its = |entry: &&Entry| {
            entry.host.as_deref().is_some_and(|name| host::means(name, origin.host()))
        };
        let mut entries = self.entries.iter().rev();
        let default = || self.entries.iter().rev().find(|entry| entry.host.is_none());
        let entry = entries.find(is_its).or_else(default)?;
        let login = if entry.login.is_empty() { &entry.account } else { &entry.login };
        let password = entry.password.clone().unwrap_or_else(|| Secret::new(""));
        if login.is_empty() && password.expose().is_empty() {
            return None;
        }
        Some(Bound::new(origin.clone(), (login.clone(), password)))
    }
}

struct Words<'a> {
    rest: &'a str,
    line: usize,
    /// The line where the last word begins.
    began: usize,
}

impl Words<'_> {
    fn bump(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        if character == '\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(character)
    }

    fn next(&mut self) -> Option<String> {
        while self.rest.starts_with(is_white) {
            self.bump();
        }
        self.began = self.line;
        self.word()
    }

    fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        let quoted = self.rest.starts_with('"');
        if quoted {
            self.bump();
        }
        loop {
            match self.bump() {
                None if word.is_empty() && !quoted => return None,
                None => return Some(word),
                Some('"') if quoted => return Some(word),
                Some(white) if !quoted && is_white(white) => return Some(word),
                Some('\\') => word.extend(self.bump()),
                Some(character) => word.push(character),
            }
        }
    }

    fn need(&mut self, what: &str) -> Result<String, Error> {
        let line = self.line;
        self.next()
            .filter(|word| !word.is_empty())
            .ok_or_else(|| Error::new(ErrorKind::Auth, format!("netrc: line {line} lacks {what}")))
    }

    fn skip_line(&mut self) {
        while !matches!(self.bump(), None | Some('\n')) {}
    }

    fn skip_macro(&mut self) -> Result<(), Error> {
        let line = self.line;
        loop {
            if self.rest.is_empty() {
                let says = format!("netrc: the macro at line {line} does not end");
                return Err(Error::new(ErrorKind::Auth, says));
            }
            if self.rest.starts_with('\n') {
                return Ok(());
            }
            self.skip_line();
        }
    }

    fn misplaced(&self) -> Error {
        Error::new(
            ErrorKind::Auth,
            format!("netrc: a word at line {} has no place there", self.line),
        )
    }
}

/// Lines as a file is read as text: each ends with `\n`.
fn lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    }
}

const fn is_white(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}
