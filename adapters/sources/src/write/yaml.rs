//! Prints YAML that every version of it reads alike.

use crate::tree::{self, Node, Tree};

/// How many characters a name may have that nothing marks, its quotes counted.
const MAX_NAME: usize = 1_024;

/// Adds a member, in block style.
pub(super) fn push_member(out: &mut String, name: &str, node: &Node, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
    if push_name(out, name) {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    out.push(':');
    push_node(out, node, indent);
}

/// Writes a name, with a mark before one that is too long to be known as such by the colon behind it
/// ([YAML 1.2 §7.4.2](https://yaml.org/spec/1.2.2/#742-flow-mappings)); gives whether it has the mark.
fn push_name(out: &mut String, name: &str) -> bool {
    let mut text = String::new();
    push_text(&mut text, name);
    let is_long = text.chars().count() > MAX_NAME;
    out.extend([if is_long { "? " } else { "" }, text.as_str()]);
    is_long
}

fn push_node(out: &mut String, node: &Node, indent: usize) {
    match &node.tree {
        Tree::Map(members) if !members.is_empty() => {
            out.push('\n');
            for (name, node) in members {
                push_member(out, name, node, indent + 2);
            }
        }
        _ => {
            out.push(' ');
            push_flow(out, node);
            out.push('\n');
        }
    }
}

fn push_flow(out: &mut String, node: &Node) {
    match &node.tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(&yaml_number(number)),
        Tree::Text(text) => push_text(out, text),
        Tree::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_flow(out, item);
            }
            out.push(']');
        }
        Tree::Map(members) => {
            out.push('{');
            for (index, (name, item)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                let is_marked = push_name(out, name);
                out.push_str(if is_marked { " : " } else { ": " });
                push_flow(out, item);
            }
            out.push('}');
        }
    }
}

/// A number as YAML 1.1 reads it: one with an exponent has a dot, and a sign behind the `e`.
fn yaml_number(number: &str) -> String {
    match number {
        "NaN" => ".nan".to_owned(),
        "Infinity" => ".inf".to_owned(),
        "-Infinity" => "-.inf".to_owned(),
        _ => {
            let Some(at) = number.find(['e', 'E']) else { return number.to_owned() };
            let (mantissa, exponent) = (&number[..at], &number[at + 1..]);
            let dot = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
            format!("{mantissa}{dot}e{sign}{exponent}")
        }
    }
}

/// A text without quotes where nobody takes it for anything else.
fn push_text(out: &mut String, text: &str) {
    let mut chars = text.chars();
    let is_word = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let lower = text.to_ascii_lowercase();
    let is_taken = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    if is_word && !is_taken.contains(&lower.as_str()) {
        out.push_str(text);
    } else {
        tree::push_text(out, text);
    }
}
