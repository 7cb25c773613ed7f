//! Reads JSON as Python's `json.loads` does.

use super::value::{Json, MAX_DEPTH};

/// The longest whole number, in digits: Python's own limit.
const MAX_DIGITS: usize = 4300;

/// Why a text is not read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// How many bytes of the text were read.
    pub(crate) at: usize,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// It is not JSON.
    Syntax,
    /// An object has two members of one name.
    Duplicate,
    /// It is nested more than [`MAX_DEPTH`] deep, or has a number of more than 4,300 digits.
    Limit,
}

impl FaultKind {
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Syntax => "not valid JSON",
            Self::Duplicate => "an object has two members of one name",
            Self::Limit => "nested too deep, or a number too long",
        }
    }
}

pub(super) fn read(text: &str) -> Result<Json, Fault> {
    read_by(Reader { rest: text, keeps: true })
}

/// Whether a text is one value, of which nothing is kept, nor whether names come twice.
pub(super) fn is_json(text: &str) -> bool {
    read_by(Reader { rest: text, keeps: false }).is_ok()
}

fn read_by(mut reader: Reader<'_>) -> Result<Json, Fault> {
    let text = reader.rest;
    let value = reader.value(MAX_DEPTH).and_then(|value| {
        reader.skip_blanks();
        if reader.rest.is_empty() { Ok(value) } else { Err(FaultKind::Syntax) }
    });
    value.map_err(|kind| Fault { kind, at: text.len().saturating_sub(reader.rest.len()) })
}

struct Reader<'a> {
    rest: &'a str,
    /// Whether the parts of lists and objects are kept.
    keeps: bool,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Json, FaultKind> {
        self.skip_blanks();
        match self.rest.as_bytes().first() {
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(FaultKind::Limit)?),
            Some(b'[') => self.list(depth.checked_sub(1).ok_or(FaultKind::Limit)?),
            Some(b'"') => self.text().map(Json::Text),
            Some(_) => self.word(),
            None => Err(FaultKind::Syntax),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, FaultKind> {
        let mut members = Vec::new();
        self.expect("{")?;
        self.skip_blanks();
        if self.eat("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_blanks();
            let name = self.text()?;
            self.skip_blanks();
            self.expect(":")?;
            let value = self.value(depth)?;
            if self.keeps {
                members.push((name, value));
            }
            self.skip_blanks();
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}")?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(FaultKind::Duplicate);
        }
        Ok(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Json, FaultKind> {
        let mut items = Vec::new();
        self.expect("[")?;
        self.skip_blanks();
        if self.eat("]") {
            return Ok(Json::List(items));
        }
        loop {
            let item = self.value(depth)?;
            if self.keeps {
                items.push(item);
            }
            self.skip_blanks();
            if !self.eat(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(Json::List(items))
    }

    fn text(&mut self) -> Result<String, FaultKind> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let special = |c: char| c == '"' || c == '\\' || c < ' ';
            let end = self.rest.find(special).ok_or(FaultKind::Syntax)?;
            text.push_str(self.take(end)?);
            if self.eat("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, FaultKind> {
        let plain = match self.take(1)? {
            "\"" => '"',
            "\\" => '\\',
            "/" => '/',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => return self.unicode(),
            _ => return Err(FaultKind::Syntax),
        };
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, FaultKind> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or(FaultKind::Syntax);
        }
        self.expect("\\u")?;
        let pair =
            char::decode_utf16([first, self.hex()?].map(|unit| u16::try_from(unit).unwrap_or(0)));
        pair.into_iter().next().and_then(Result::ok).ok_or(FaultKind::Syntax)
    }

    fn hex(&mut self) -> Result<u32, FaultKind> {
        let digits = self.take(4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(FaultKind::Syntax);
        }
        u32::from_str_radix(digits, 16).map_err(|_| FaultKind::Syntax)
    }

    /// Reads a number or a name; Python knows three names more than RFC 8259.
    fn word(&mut self) -> Result<Json, FaultKind> {
        let names = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Number("NaN".into())),
            ("Infinity", Json::Number("Infinity".into())),
            ("-Infinity", Json::Number("-Infinity".into())),
        ];
        for (name, value) in names {
            if self.eat(name) {
                return Ok(value);
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<Json, FaultKind> {
        let start = self.rest;
        self.eat("-");
        if !self.eat("0") && self.digits() == 0 {
            return Err(FaultKind::Syntax);
        }
        let whole = self.since(start);
        if self
            .rest
            .strip_prefix('.')
            .is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
        {
            self.eat(".");
            self.digits();
        }
        let before = self.rest;
        if self.eat("e") || self.eat("E") {
            let _sign = self.eat("+") || self.eat("-");
            if self.digits() == 0 {
                self.rest = before;
            }
        }
        let text = self.since(start);
        if text.len() > MAX_DIGITS {
            return Err(FaultKind::Limit);
        }
        if text.len() == whole.len() {
            // Python has one zero among its whole numbers.
            return Ok(Json::Number(if text == "-0" { "0" } else { text }.to_owned()));
        }
        let double = text.parse::<f64>().map_err(|_| FaultKind::Syntax)?;
        Ok(Json::Number(crate::base::json::write::double(double)))
    }

    /// Skips digits and counts them.
    fn digits(&mut self) -> usize {
        let after = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let count = self.rest.len().saturating_sub(after.len());
        self.rest = after;
        count
    }

    fn since(&self, start: &'a str) -> &'a str {
        start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, len: usize) -> Result<&'a str, FaultKind> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(FaultKind::Syntax)?;
        self.rest = rest;
        Ok(taken)
    }

    fn eat(&mut self, token: &str) -> bool {
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), FaultKind> {
        if self.eat(token) { Ok(()) } else { Err(FaultKind::Syntax) }
    }
}
