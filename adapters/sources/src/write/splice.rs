//! Entries put in the place of others among the lines of a file, whose comments stay.

use std::ops::Range;

use super::yaml::push_member;
use super::{Changes, env_line};
use crate::error::{Fault, SourceErrorKind};
use crate::file::{Entries, Kind};
use crate::tree::{Node, Tree};

/// Puts new lines in the place of those of each entry that changes, and what is new behind all others.
pub(super) fn spliced(
    kind: Kind,
    old: &str,
    before: &Entries,
    new: &Changes<'_>,
) -> Result<String, Fault> {
    let old = if kind == Kind::Yaml && old.trim() == "{}" { "" } else { old };
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let mut starts: Vec<usize> = before.ids().map(|id| before.line(id).saturating_sub(1)).collect();
    starts.sort_unstable();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let mut added = String::new();
    for (id, node) in new {
        if !before.has(id) {
            added.push_str(&entry(kind, id, *node)?);
            continue;
        }
        let from = before.line(id).saturating_sub(1);
        let next = starts.get(starts.partition_point(|start| *start <= from));
        let end = if kind == Kind::Env { from + 1 } else { *next.unwrap_or(&lines.len()) };
        let own = without_aside(&lines, from..end);
        let text = match (kind, node) {
            (Kind::Yaml, Some(node)) => {
                merged(&lines, own.clone(), before.node(id), id, node).ok_or_else(lost)?
            }
            _ => entry(kind, id, *node)?,
        };
        changes.push((own, text));
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut text = String::new();
    let mut at = 0;
    let part = |range: Range<usize>| lines.get(range).unwrap_or_default().concat();
    for (range, new) in changes {
        if range.start < at {
            return Err(lost());
        }
        text.push_str(&part(at..range.start));
        text.push_str(&new);
        at = range.end;
    }
    text.push_str(&part(at..lines.len()));
    let is_open = !text.is_empty() && !text.ends_with('\n') && !added.is_empty();
    text.extend([if is_open { "\n" } else { "" }, added.as_str()]);
    Ok(text)
}

fn lost() -> Fault {
    let says = "this file cannot be changed in one place, with all that is in it kept; convert it to a new one";
    Fault { kind: SourceErrorKind::Unsupported, ..Fault::new(0, says) }
}

fn entry(kind: Kind, id: &str, node: Option<&Node>) -> Result<String, Fault> {
    let mut text = String::new();
    match node {
        None => {}
        Some(node) if kind == Kind::Env => {
            text = env_line(id, node).map_err(|says| Fault::new(0, says))?;
        }
        Some(node) => push_member(&mut text, id, node, 0),
    }
    Ok(text)
}

/// What stands right above the next entry, or at the end, is not part of this one.
fn without_aside(lines: &[&str], range: Range<usize>) -> Range<usize> {
    // What is deeper may be part of a text.
    let indent = lines.get(range.start).map_or(0, |line| indent_of(line));
    let is_comment = |line: &str| line.trim_start().starts_with('#') && indent_of(line) <= indent;
    let is_aside =
        |line: &&str| line.trim().is_empty() || is_comment(line) || line.starts_with("...");
    let mut end = range.end;
    while end > range.start + 1 && lines.get(end - 1).is_some_and(is_aside) {
        end -= 1;
    }
    range.start..end
}

/// The lines of an entry that changes: members that stay as they are keep theirs, those that change their comments. `None` if a comment
/// would go otherwise than with its member.
fn merged(
    lines: &[&str],
    own: Range<usize>,
    old: Option<&Node>,
    name: &str,
    new: &Node,
) -> Option<String> {
    let indent = indent_of(lines.get(own.start)?);
    let whole = |comment: &str| {
        let mut text = String::new();
        push_member(&mut text, name, new, indent);
        if !comment.is_empty() {
            // Behind its first line, which is the name alone of what goes over several.
            let end = text.find('\n')?;
            text.insert_str(end, comment);
        }
        Some(text)
    };
    let has_comment = |range: Range<usize>| {
        lines.get(range).unwrap_or_default().iter().any(|line| may_comment(line))
    };
    if !has_comment(own.clone()) {
        return whole("");
    }
    let first = lines.get(own.start)?.trim_end_matches(['\r', '\n']);
    if own.len() == 1 {
        return whole(comment_of(first, old?)?);
    }
    let (Tree::Map(olds), Tree::Map(news)) = (&old?.tree, &new.tree) else { return None };
    // Each member has lines of its own, one behind the other, as deep as the first.
    let starts: Vec<usize> = olds.iter().map(|(_, node)| node.line.saturating_sub(1)).collect();
    let depth = indent_of(lines.get(*starts.first()?)?);
    let is_block = starts.first().is_some_and(|start| *start > own.start)
        && starts.windows(2).all(|two| two[0] < two[1])
        && starts.iter().all(|start| {
            *start < own.end && lines.get(*start).is_some_and(|line| indent_of(line) == depth)
        })
        && depth > indent;
    if !is_block || news.is_empty() {
        return None;
    }
    let part = |range: Range<usize>| lines.get(range).unwrap_or_default().concat();
    let mut text = part(own.start..*starts.first()?);
    let mut behind = String::new();
    for (at, (name, old)) in olds.iter().enumerate() {
        let start = *starts.get(at)?;
        let end = starts.get(at + 1).copied().unwrap_or(own.end);
        let member = without_aside(lines, start..end);
        let found = news.iter().find(|(own, _)| own == name).map(|(_, node)| node);
        match found {
            Some(new) if new.is_same(old) => text.push_str(&part(member.clone())),
            Some(new) => text.push_str(&merged(lines, member.clone(), Some(old), name, new)?),
            None => {}
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let aside = part(member.end..end);
        if at + 1 == olds.len() { behind = aside } else { text.push_str(&aside) }
    }
    for (name, node) in news.iter().filter(|(name, _)| !olds.iter().any(|(own, _)| own == name)) {
        push_member(&mut text, name, node, depth);
    }
    Some(text + &behind)
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn may_comment(line: &str) -> bool {
    line.match_indices('#')
        .any(|(at, _)| line[..at].chars().next_back().is_none_or(char::is_whitespace))
}

/// The comment behind a member in one line, with the blanks before it; an empty text if there is none.
#[cfg(feature = "yaml")]
fn comment_of<'a>(line: &'a str, old: &Node) -> Option<&'a str> {
    let indent = indent_of(line);
    let end = indent + crate::tree::yaml::end(&line[indent..])?;
    let is_behind_blank = |(at, _): &(usize, &str)| line[..end + at].ends_with([' ', '\t']);
    let comment = line[end..].match_indices('#').find(is_behind_blank);
    let end = comment.map_or(line.len(), |(at, _)| line[..end + at].trim_end().len());
    let read = crate::tree::yaml::read(line[..end].trim_start()).ok()?;
    let Tree::Map(members) = read.tree else { return None };
    members.first()?.1.is_same(old).then(|| &line[end..])
}

#[cfg(not(feature = "yaml"))]
fn comment_of<'a>(_: &'a str, _: &Node) -> Option<&'a str> {
    None
}
