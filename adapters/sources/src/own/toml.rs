//! Our own form in TOML. Writing keeps comments and order.

use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, Key, Table, TomlError, Value};

use crate::error::Fault;
use crate::tree::{MAX_DEPTH, MAX_NODES, Node, TOO_MANY, Tree};

/// Reads the text of a file.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    check_count(text)?;
    let document = Document::parse(text).map_err(|error| fault(text, &error))?;
    let lines = Lines::new(text);
    table(document.as_table(), &lines, 0)
}

/// Counts what may begin a value or a section, outside of texts and comments, before anything is made of it: each takes some hundred
/// bytes. A point in a number counts as one in a name.
fn check_count(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    let (mut at, mut count) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'#' => bytes[at..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(bytes.len(), |end| at + end),
            mark @ (b'"' | b'\'') => behind_text(bytes, at, *mark),
            b'=' | b',' | b'[' | b'{' | b'.' => {
                count += 1;
                at + 1
            }
            _ => at + 1,
        };
        if count > MAX_NODES {
            return Err(Fault::new(Lines::new(text).of(Some(at - 1..at)), TOO_MANY));
        }
    }
    Ok(())
}

/// The first byte behind a text in quotes; one in three quotes may end with two more of its own.
fn behind_text(bytes: &[u8], start: usize, mark: u8) -> usize {
    let is_long = bytes[start..].starts_with(&[mark; 3]);
    let mut at = start + if is_long { 3 } else { 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if mark == b'"' => at += 2,
            b'\n' if !is_long => return at,
            byte if *byte == mark && !is_long => return at + 1,
            byte if *byte == mark && bytes[at..].starts_with(&[mark; 3]) => {
                let own = bytes[at..].iter().take(5).take_while(|byte| **byte == mark);
                return at + own.count();
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where lines end: places are looked up in it, as there are many.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn of(&self, span: Option<std::ops::Range<usize>>) -> usize {
        span.map_or(1, |span| self.0.partition_point(|end| *end < span.start) + 1)
    }
}

fn fault(text: &str, error: &TomlError) -> Fault {
    // What stands in quotes may be what was read.
    let says = Some(error.message()).filter(|says| !says.contains(['`', '"', '\'']));
    let says = format!("not TOML: {}", says.unwrap_or("something unexpected").replace('\n', "; "));
    Fault::new(Lines::new(text).of(error.span()), says)
}

fn table(table: &Table, lines: &Lines, depth: usize) -> Result<Node, Fault> {
    let line = lines.of(table.span());
    if depth > MAX_DEPTH {
        return Err(Fault::new(line, "nested too deep"));
    }
    let mut members = Vec::new();
    for (name, item) in table {
        let key = table.key(name).and_then(Key::span);
        let line = lines.of(key.or_else(|| item.span()));
        let node = match item {
            Item::None => continue,
            Item::Table(inner) => self::table(inner, lines, depth + 1)?,
            Item::ArrayOfTables(tables) => {
                let items = tables.iter().map(|one| self::table(one, lines, depth + 1));
                Node { line, tree: Tree::List(items.collect::<Result<_, _>>()?) }
            }
            Item::Value(value) => self::value(value, line, lines, depth + 1)?,
        };
        members.push((name.to_owned(), Node { line, ..node }));
    }
    Ok(Node { line, tree: Tree::Map(members) })
}

fn value(value: &Value, line: usize, lines: &Lines, depth: usize) -> Result<Node, Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault::new(line, "nested too deep"));
    }
    let tree = match value {
        Value::String(text) => Tree::Text(text.value().clone()),
        Value::Integer(number) => Tree::Number(number.value().to_string()),
        Value::Float(number) => Tree::Number(match *number.value() {
            nan if nan.is_nan() => "NaN".to_owned(),
            infinite if infinite.is_infinite() && infinite > 0.0 => "Infinity".to_owned(),
            infinite if infinite.is_infinite() => "-Infinity".to_owned(),
            number => format!("{number:?}"),
        }),
        Value::Boolean(value) => Tree::Bool(*value.value()),
        Value::Datetime(date) => Tree::Text(date.value().to_string()),
        Value::Array(items) => {
            let items = items.iter().map(|one| self::value(one, line, lines, depth + 1));
            Tree::List(items.collect::<Result<_, _>>()?)
        }
        Value::InlineTable(members) => {
            let mut read = Vec::new();
            for (name, one) in members {
                let line = lines.of(one.span());
                read.push((name.to_owned(), self::value(one, line, lines, depth + 1)?));
            }
            Tree::Map(read)
        }
    };
    Ok(Node { line, tree })
}

/// Writes sections, in their order; an error names the one that cannot be written.
pub(crate) fn write(sections: &[(String, Node)]) -> Result<String, (&str, Fault)> {
    let mut document = DocumentMut::new();
    for (id, node) in sections {
        let section = to_table(node).ok_or_else(|| (id.as_str(), unwritable()))?;
        document.insert(id, Item::Table(section));
    }
    Ok(document.to_string())
}

/// Sets or removes a section of a file, and leaves all else as it is.
pub(crate) fn edit(text: &str, id: &str, section: Option<&Node>) -> Result<String, Fault> {
    check_count(text)?;
    let mut document: DocumentMut = text.parse().map_err(|error| fault(text, &error))?;
    match section {
        None => {
            document.remove(id);
        }
        Some(node) => {
            let new = Item::Table(to_table(node).ok_or_else(unwritable)?);
            let old = document.get_mut(id).and_then(Item::as_table_mut);
            let (Some(old), Item::Table(new)) = (old, &new) else {
                document.insert(id, new);
                return Ok(document.to_string());
            };
            merge(old, new);
        }
    }
    Ok(document.to_string())
}

/// Gives a table the members of another, and keeps what is written around those that stay.
fn merge(old: &mut Table, new: &Table) {
    // All at once: each that is removed alone moves those behind it.
    old.retain(|name, _| new.contains_key(name));
    for (name, item) in new {
        match (old.get_mut(name), item) {
            (Some(Item::Table(old)), Item::Table(new)) => merge(old, new),
            (Some(Item::Value(old)), Item::Value(new)) => {
                let decor = old.decor().clone();
                let mut new = new.clone();
                *new.decor_mut() = decor;
                *old = new;
            }
            _ => {
                old.insert(name, item.clone());
            }
        }
    }
}

/// Whether TOML can hold a section.
pub(crate) fn holds(section: &Node) -> bool {
    to_table(section).is_some()
}

fn unwritable() -> Fault {
    Fault::new(0, "a value that TOML cannot hold")
}

fn to_table(node: &Node) -> Option<Table> {
    let Tree::Map(members) = &node.tree else { return None };
    let mut table = Table::new();
    for (name, node) in members {
        let item = match &node.tree {
            // A table inside a list has to be written inline.
            Tree::Map(_) => Item::Table(to_table(node)?),
            _ => Item::Value(to_value(node)?),
        };
        table.insert(name, item);
    }
    Some(table)
}

fn to_value(node: &Node) -> Option<Value> {
    Some(match &node.tree {
        // There is none in TOML.
        Tree::Null => return None,
        Tree::Bool(value) => Value::from(*value),
        Tree::Text(text) => Value::from(text.as_str()),
        Tree::Number(number) => {
            if let Ok(number) = number.parse::<i64>() {
                return Some(Value::from(number));
            }
            // Only what is read as the same text.
            let value: f64 = number.parse().ok()?;
            return (format!("{value:?}") == *number).then(|| Value::from(value));
        }
        Tree::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(to_value).collect();
            Value::Array(items?.into_iter().collect::<Array>())
        }
        Tree::Map(members) => {
            let mut table = InlineTable::new();
            for (name, node) in members {
                table.insert(name, to_value(node)?);
            }
            Value::InlineTable(table)
        }
    })
}
