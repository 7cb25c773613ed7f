//! Reads JSON as Python's `json` does, and tells the line of each value and of each fault, in Python's words.
//!
//! Stricter in two things, as the core is: no name twice, and no half of a surrogate pair.

use std::collections::HashSet;

use super::{MAX_DEPTH, MAX_NODES, Node, TOO_MANY, Tree};
use crate::error::Fault;

/// Reads one value, with nothing but blanks around it.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader { text, at: 0, line: 1, depth: 0, nodes: 0 };
    reader.skip();
    let node = reader.value()?;
    reader.skip();
    if reader.at < text.len() { Err(reader.fault("Extra data")) } else { Ok(node) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    depth: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn fault(&self, says: &'static str) -> Fault {
        Fault::new(self.line, says)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        while let Some(byte) = self.peek().filter(|byte| b" \t\r\n".contains(byte)) {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self) -> Result<Node, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fault(TOO_MANY));
        }
        let line = self.line;
        let tree = match self.peek() {
            Some(b'{') => self.nested(Self::map)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Tree::Text(self.string()?),
            _ => self.word()?,
        };
        Ok(Node { line, tree })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Tree, Fault>) -> Result<Tree, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault("nested too deep"));
        }
        self.depth += 1;
        self.at += 1;
        self.skip();
        let tree = read(self)?;
        self.depth -= 1;
        Ok(tree)
    }

    fn list(&mut self) -> Result<Tree, Fault> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Tree::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip();
            if self.eat(b']') {
                return Ok(Tree::List(items));
            }
            if !self.eat(b',') {
                return Err(self.fault("Expecting ',' delimiter"));
            }
            self.skip();
        }
    }

    fn map(&mut self) -> Result<Tree, Fault> {
        const NAME: &str = "Expecting property name enclosed in double quotes";
        let mut members = Vec::new();
        let mut names = HashSet::new();
        if self.eat(b'}') {
            return Ok(Tree::Map(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fault(NAME));
            }
            let line = self.line;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                let kind = crate::error::SourceErrorKind::NotUnique;
                return Err(Fault { kind, ..Fault::new(line, "a name that stands here twice") });
            }
            self.skip();
            if !self.eat(b':') {
                return Err(self.fault("Expecting ':' delimiter"));
            }
            self.skip();
            members.push((name, self.value()?));
            self.skip();
            if self.eat(b'}') {
                return Ok(Tree::Map(members));
            }
            if !self.eat(b',') {
                return Err(self.fault("Expecting ',' delimiter"));
            }
            self.skip();
        }
    }

    fn word(&mut self) -> Result<Tree, Fault> {
        let rest = &self.text[self.at..];
        let words = [
            ("null", Tree::Null),
            ("true", Tree::Bool(true)),
            ("false", Tree::Bool(false)),
            ("NaN", Tree::Number("NaN".to_owned())),
            ("Infinity", Tree::Number("Infinity".to_owned())),
            ("-Infinity", Tree::Number("-Infinity".to_owned())),
        ];
        for (word, tree) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(tree);
            }
        }
        let length = number(rest.as_bytes());
        if length == 0 {
            return Err(self.fault("Expecting value"));
        }
        self.at += length;
        Ok(Tree::Number(rest[..length].to_owned()))
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let special = rest.find(|c: char| c == '"' || c == '\\' || c < ' ');
            let Some(special) = special else {
                return Err(self.fault("Unterminated string starting at"));
            };
            out.push_str(&rest[..special]);
            self.at += special + 1;
            match rest.as_bytes()[special] {
                b'"' => return Ok(out),
                b'\\' => out.push(self.escape()?),
                _ => return Err(self.fault("Invalid control character at")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'u') => {
                let unit = self.unit()?;
                let pair = if (0xd800..0xdc00).contains(&unit) {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    if !rest.starts_with("\\u") {
                        return Err(self.fault("half of a surrogate pair"));
                    }
                    self.at += 2;
                    vec![unit, self.unit()?]
                } else {
                    vec![unit]
                };
                let mut decoded = char::decode_utf16(pair);
                match decoded.next() {
                    Some(Ok(c)) => c,
                    _ => return Err(self.fault("half of a surrogate pair")),
                }
            }
            _ => return Err(self.fault("Invalid \\escape")),
        })
    }

    fn unit(&mut self) -> Result<u16, Fault> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        let is_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u16::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        self.at += 4;
        unit.ok_or_else(|| self.fault("Invalid \\uXXXX escape"))
    }
}

/// The length of the number at the beginning; 0 if there is none.
pub(crate) fn number(text: &[u8]) -> usize {
    let digits = |from: usize| {
        text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let sign = usize::from(text.first() == Some(&b'-'));
    let whole = if text.get(sign) == Some(&b'0') { 1 } else { digits(sign) };
    if whole == 0 {
        return 0;
    }
    let mut at = sign + whole;
    let fraction = if text.get(at) == Some(&b'.') { digits(at + 1) } else { 0 };
    at += if fraction > 0 { fraction + 1 } else { 0 };
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        at += if exponent > 0 { exponent + sign + 1 } else { 0 };
    }
    at
}
