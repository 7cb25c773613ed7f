//! Reads YAML as Python's `yaml.safe_load` does: YAML 1.1, where `yes` and `off` are booleans and `010` is eight.
//!
//! Stricter in some things: no name twice in a mapping, no line's end but those that all know (not U+0085, U+2028, U+2029, unless
//! escaped), and no number of more than 128 bits that is not decimal. A date stays a text, as no field holds one. Some texts are read
//! here that are an error there: a tab inside a text without quotes or before a comment, `=` or `<<` as a value, control characters.
//! The name of an anchor ends at a blank, as in YAML 1.2; to PyYAML it is of letters, digits, `-` and `_`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::scalar::{floated, is_whole, plain};
use super::{MAX_DEPTH, MAX_NODES, Node, TOO_MANY, Tree};
use crate::error::{Fault, SourceErrorKind};

/// How many bytes its anchors may bring, repeated: as many as the longest file has.
const MAX_REPEATED: u64 = crate::disk::MAX_FILE;

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    // To Python they end a line, in quotes and in comments, too.
    if let Some(at) = text.find(['\u{85}', '\u{2028}', '\u{2029}']) {
        let line = text[..at].matches('\n').count() + 1;
        return Err(Fault::new(line, "a line's end of Unicode, which has to be escaped"));
    }
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        made: Size::default(),
        repeated: 0,
        depth: 0,
        rest: text,
        line: 0,
    };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::DocumentStart(_), span) if root.is_some() => {
                return Err(Fault::new(span.start.line(), "more than one document"));
            }
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
            (event, span) => root = Some(reader.node(event, span)?),
        }
    }
    Ok(root.unwrap_or(Node { line: 1, tree: Tree::Null }))
}

/// Where the last value ends of a member that stands in one line.
pub(crate) fn end(line: &str) -> Option<usize> {
    let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
    let of = |index: usize| places.get(index).copied().unwrap_or(line.len());
    let (mut depth, mut end) = (0_usize, 0);
    for event in Parser::new_from_str(line) {
        let (event, span) = event.ok()?;
        let start = of(span.start.index());
        // All but a text without quotes is told with the comment behind it.
        let own = match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                depth += 1;
                start
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth -= 1;
                // The member itself ends with its line.
                if depth == 0 { 0 } else { start + 1 }
            }
            // What is left out is told with what comes next.
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => 0,
            Event::Scalar(_, ScalarStyle::Plain, ..) => of(span.end.index()),
            Event::Scalar(..) => {
                let text = behind_properties(&line[start..]);
                line.len() - text.len() + length(text)?
            }
            _ => 0,
        };
        end = end.max(own);
    }
    Some(end).filter(|end| line.is_char_boundary(*end))
}

/// A text without the anchor and the tag that it begins with.
fn behind_properties(mut text: &str) -> &str {
    while text.starts_with(['&', '!']) {
        text =
            text.trim_start_matches(|c| !matches!(c, ' ' | '\t')).trim_start_matches([' ', '\t']);
    }
    text
}

/// The length of the text in quotes that a text begins with, or of what a text of lines begins with.
fn length(text: &str) -> Option<usize> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '"' | '\'' | '|' | '>'))?;
    if matches!(mark, '|' | '>') {
        return Some(1);
    }
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && mark == '"' {
            chars.next();
        } else if c == mark {
            let is_double = mark == '\'' && chars.peek().is_some_and(|(_, next)| *next == mark);
            if !is_double {
                return Some(at + 1);
            }
            chars.next();
        }
    }
    None
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, (Node, Size)>,
    /// What all values are that were made so far.
    made: Size,
    /// How many bytes of that stand somewhere else, too.
    repeated: u64,
    depth: usize,
    /// The text from the begin of the line on that was looked at last, and the number of that line; 0 is none.
    rest: &'a str,
    line: usize,
}

/// How much a value is, with all in it.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    /// In memory.
    bytes: u64,
}

impl Size {
    /// Of one value with so long a text.
    fn of(text: usize) -> Self {
        let bytes = text.saturating_add(size_of::<(String, Node)>());
        Self { nodes: 1, bytes: u64::try_from(bytes).unwrap_or(u64::MAX) }
    }
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                // A text with a back tick shows what was read.
                let says = Some(error.info()).filter(|info| !info.contains('`'));
                let says = says.unwrap_or("an unexpected character").to_owned();
                Err(Fault::new(error.marker().line(), says))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Refuses what begins its line behind a tab, as Python does: it would be taken for a name of the outermost level.
    fn check_indent(&mut self, span: &Span) -> Result<(), Fault> {
        let (line, column) = (span.start.line(), span.start.col());
        // Only the first of a line can be that.
        if line <= self.line {
            return Ok(());
        }
        let last = self.line.max(1);
        self.rest = (last..line)
            .fold(self.rest, |rest, _| rest.split_once('\n').map_or("", |(_, rest)| rest));
        self.line = line;
        let indent = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        let is_behind_tab = indent == column && self.rest[..indent].contains('\t');
        if is_behind_tab { Err(Fault::new(line, "a line that begins with a tab")) } else { Ok(()) }
    }

    fn make(&mut self, size: Size, line: usize) -> Result<(), Fault> {
        self.made.nodes = self.made.nodes.saturating_add(size.nodes);
        self.made.bytes = self.made.bytes.saturating_add(size.bytes);
        let is_over = self.made.nodes > MAX_NODES;
        if is_over { Err(Fault::new(line, TOO_MANY)) } else { Ok(()) }
    }

    fn repeat(&mut self, bytes: u64, line: usize) -> Result<(), Fault> {
        self.repeated = self.repeated.saturating_add(bytes);
        let is_over = self.repeated > MAX_REPEATED;
        if is_over { Err(Fault::new(line, "more repeated than is read")) } else { Ok(()) }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, Fault> {
        let line = span.start.line();
        self.check_indent(&span)?;
        let before = self.made;
        let text = if let Event::Scalar(text, ..) = &event { text.len() } else { 0 };
        self.make(Size::of(text), line)?;
        let (anchor, tree) = match event {
            Event::Alias(anchor) => {
                // Counted before it is there twice.
                let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
                    return Err(Fault::new(line, "a value inside itself"));
                };
                self.make(size, line)?;
                self.repeat(size.bytes, line)?;
                let known = self.anchors.get(&anchor).map(|(node, _)| node.clone());
                return known.ok_or_else(|| Fault::new(line, "a value inside itself"));
            }
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(text, style, tag, line)?),
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), "seq", line)?;
                self.enter(line)?;
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (Event::StreamEnd, _) => return Err(Fault::new(line, "not closed")),
                        (event, span) => items.push(self.node(event, span)?),
                    }
                }
                self.depth -= 1;
                (anchor, Tree::List(items))
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), "map", line)?;
                self.enter(line)?;
                let members = self.members(line)?;
                self.depth -= 1;
                (anchor, Tree::Map(members))
            }
            _ => return Err(Fault::new(line, "not a value")),
        };
        let node = Node { line, tree };
        if anchor > 0 {
            let size = Size {
                nodes: self.made.nodes.saturating_sub(before.nodes),
                bytes: self.made.bytes.saturating_sub(before.bytes),
            };
            // What is in it may be kept under anchors of its own.
            self.repeat(size.bytes, line)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn enter(&mut self, line: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Fault::new(line, "nested too deep")) } else { Ok(()) }
    }

    fn members(&mut self, line: usize) -> Result<Vec<(String, Node)>, Fault> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut merged: Vec<(String, Node)> = Vec::new();
        let mut names = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            let is_plain = matches!(&event, Event::Scalar(_, ScalarStyle::Plain, _, None));
            let name = match event {
                Event::MappingEnd => break,
                Event::StreamEnd => return Err(Fault::new(line, "not closed")),
                event => self.node(event, span)?,
            };
            let line = span.start.line();
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            let name = match name.tree {
                Tree::Text(name) if name == "<<" && is_plain => {
                    merge(&mut merged, value)?;
                    continue;
                }
                Tree::Text(name) | Tree::Number(name) => name,
                // As `json.dumps` writes them.
                Tree::Null => "null".to_owned(),
                Tree::Bool(is) => is.to_string(),
                Tree::List(_) | Tree::Map(_) => {
                    return Err(Fault::new(line, "a name that is not a text"));
                }
            };
            if !names.insert(name.clone()) {
                let kind = SourceErrorKind::NotUnique;
                return Err(Fault { kind, ..Fault::new(line, "a name that stands here twice") });
            }
            // The line of a member is that of its name: it is what a reader looks for.
            members.push((name, Node { line, ..value }));
        }
        merged.retain(|(name, _)| names.insert(name.clone()));
        members.extend(merged);
        Ok(members)
    }
}

/// Takes over the members of what stands at `<<`; of several, the first has each.
fn merge(merged: &mut Vec<(String, Node)>, value: Node) -> Result<(), Fault> {
    match value.tree {
        Tree::Map(members) => merged.extend(members),
        Tree::List(items) => {
            for item in items {
                merge(merged, item)?;
            }
        }
        _ => return Err(Fault::new(value.line, "not a mapping behind `<<`")),
    }
    Ok(())
}

fn check_tag(tag: Option<&Tag>, own: &str, line: usize) -> Result<(), Fault> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == own) => {
            Err(Fault::new(line, "a tag that is not known"))
        }
        _ => Ok(()),
    }
}

fn scalar(
    text: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<Cow<'_, Tag>>,
    line: usize,
) -> Result<Tree, Fault> {
    let too_large = || Fault::new(line, "a number of more than 128 bits");
    let Some(tag) = tag else {
        let is_plain = style == ScalarStyle::Plain;
        let text = text.into_owned();
        return if is_plain { plain(&text).ok_or_else(too_large) } else { Ok(Tree::Text(text)) };
    };
    let suffix = if tag.is_yaml_core_schema() { tag.suffix.as_str() } else { "" };
    let made = match (suffix, plain(&text).ok_or_else(too_large)?) {
        ("str", _) => Some(Tree::Text(text.into_owned())),
        ("null", _) => Some(Tree::Null),
        ("bool", tree @ Tree::Bool(_)) => Some(tree),
        ("int", Tree::Number(number)) if is_whole(&number) => Some(Tree::Number(number)),
        ("float", tree @ Tree::Number(_)) => floated(&text, tree),
        _ => None,
    };
    made.ok_or_else(|| {
        Fault::new(line, "a tag that is not known, or a value that is not of its kind")
    })
}
