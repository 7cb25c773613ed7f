//! Our own form in TOML. Writing keeps comments and order.

use toml_edit::{
    Array, Decor, Document, DocumentMut, InlineTable, Item, Key, Table, TomlError, Value,
};

use crate::error::Fault;
use crate::tree::{MAX_DEPTH, MAX_NODES, Node, TOO_MANY, Tree};
use crate::write::Changes;

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

/// Sets or removes sections of a file, and leaves all else as it is.
pub(crate) fn edit(text: &str, changes: &Changes<'_>) -> Result<String, Fault> {
    check_count(text)?;
    let mut document: DocumentMut = text.parse().map_err(|error| fault(text, &error))?;
    for (id, section) in changes {
        match section {
            None => take_out(&mut document, id),
            Some(node) => {
                let new = to_table(node).ok_or_else(unwritable)?;
                match document.get_mut(id) {
                    Some(old) => merge_item(old, &Item::Table(new)),
                    None => drop(document.insert(id, Item::Table(new))),
                }
            }
        }
    }
    Ok(document.to_string())
}

/// Takes a section out. What is said above it stays above the next one: it may be about all of them.
fn take_out(document: &mut DocumentMut, id: &str) {
    let mut first: Option<(isize, String)> = None;
    if let Some(item) = document.get_mut(id) {
        each_table(item, &mut |table| {
            let at = table.position().unwrap_or(isize::MAX);
            if first.as_ref().is_none_or(|(known, _)| at < *known) {
                first = Some((at, comments(table.decor())));
            }
        });
    }
    let key = document.key(id).map(|key| comments(key.leaf_decor())).unwrap_or_default();
    let behind: Vec<String> = document
        .iter()
        .skip_while(|(name, _)| *name != id)
        .filter(|(name, item)| *name != id && item.is_value())
        .map(|(name, _)| name.to_owned())
        .collect();
    let is_value = document.get(id).is_some_and(Item::is_value);
    document.remove(id);
    let (from, above) = if is_value { (isize::MIN, key) } else { first.unwrap_or_default() };
    if above.is_empty() {
        return;
    }
    if let Some(mut next) =
        behind.first().filter(|_| is_value).and_then(|name| document.key_mut(name))
    {
        put_above(next.leaf_decor_mut(), &above);
        return;
    }
    let mut next: Option<isize> = None;
    let is_behind = |table: &Table| table.position().filter(|at| *at > from);
    for (_, item) in document.iter_mut() {
        each_table(item, &mut |table| {
            next = is_behind(table).into_iter().chain(next).min();
        });
    }
    let Some(next) = next else {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(above + &trailing);
        return;
    };
    for (_, item) in document.iter_mut() {
        each_table(item, &mut |table| {
            if table.position() == Some(next) {
                put_above(table.decor_mut(), &above);
            }
        });
    }
}

/// What stands above something, if there are comments in it.
fn comments(decor: &Decor) -> String {
    let above = decor.prefix().and_then(|above| above.as_str()).unwrap_or_default();
    if above.contains('#') { above.to_owned() } else { String::new() }
}

fn put_above(decor: &mut Decor, above: &str) {
    let own = decor.prefix().and_then(|own| own.as_str()).unwrap_or_default();
    let own = format!("{above}{own}");
    decor.set_prefix(own);
}

/// Shows every table that has a line of its own, in this one and in all of its.
fn each_table(item: &mut Item, show: &mut dyn FnMut(&mut Table)) {
    match item {
        Item::Table(table) => {
            if !table.is_dotted() && !table.is_implicit() {
                show(table);
            }
            for (_, item) in table.iter_mut() {
                each_table(item, show);
            }
        }
        Item::ArrayOfTables(tables) => {
            for table in tables.iter_mut() {
                show(table);
                for (_, item) in table.iter_mut() {
                    each_table(item, show);
                }
            }
        }
        Item::None | Item::Value(_) => {}
    }
}

/// Gives a table the members of another, and keeps what is written around those that stay.
fn merge(old: &mut Table, new: &Table) {
    // All at once: each that is removed alone moves those behind it.
    old.retain(|name, _| new.contains_key(name));
    for (name, item) in new {
        match old.get_mut(name) {
            Some(old) => merge_item(old, item),
            None => drop(old.insert(name, item.clone())),
        }
    }
}

fn merge_item(old: &mut Item, new: &Item) {
    if let (Item::Table(old), Item::Table(new)) = (&mut *old, new) {
        return merge(old, new);
    }
    // A section that stands in one line stays there, with what is behind it.
    let own = match (&*old, new.clone().into_value()) {
        (Item::Value(was), Ok(own)) => Some((was, own)),
        _ => None,
    };
    let Some((was, mut own)) = own else {
        *old = new.clone();
        return;
    };
    let read = |value: &Value| self::value(value, 0, &Lines(Vec::new()), 0).ok();
    // What is written between the items of a list stays, too, if they do.
    let is_same = read(was).zip(read(&own)).is_some_and(|(was, own)| was.is_same(&own));
    if !is_same {
        *own.decor_mut() = was.decor().clone();
        *old = Item::Value(own);
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
