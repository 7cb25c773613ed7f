//! `http-hook conn`: connections listed, shown, stored, converted and tested. No output has a secret, save that of
//! `show --show-secrets` on a terminal; files are written whole, for nobody else to read.

mod change;
mod files;
mod list;
mod origin;
mod shown;
mod test;

use std::fmt::Write as _;

use super::call::check_secrets;
use super::{Context, print, print_json};
use crate::args::ConnCommand;
use crate::exit::Problem;
use crate::screen;
use crate::store::Store;

pub(crate) fn run(command: &ConnCommand, context: &Context) -> Result<u8, Problem> {
    let settings = &context.settings;
    let store = Store::new(settings)?;
    match command {
        ConnCommand::List { format } => list::run(&store, context.is_json(*format)?)?,
        ConnCommand::Show { conn, show_secrets, format } => {
            check_secrets(*show_secrets)?;
            let is_json = context.is_json(*format)?;
            let found = store.get(conn)?;
            if is_json {
                print_json([("connection", shown::members(conn, &found, *show_secrets))])?;
                return Ok(0);
            }
            let text = shown::section(conn, found.connection(), *show_secrets)?;
            print(&screen::plain(&format!("# {}\n{text}", found.place())))?;
        }
        ConnCommand::Add(add) => change::add(&store, add)?,
        ConnCommand::Edit(edit) => change::edit(&store, edit)?,
        ConnCommand::Rm { id } => change::remove(&store, id)?,
        ConnCommand::Rotate => change::rotate(&store)?,
        ConnCommand::Import { file, ids, form, replace } => {
            files::import(&store, file, ids, *form, *replace)?;
        }
        ConnCommand::Export { file, ids, form, replace } => {
            files::export(&store, file, ids, *form, *replace)?;
        }
        ConnCommand::Convert(convert) => files::convert(convert)?,
        ConnCommand::Test(test) => return test::run(test, context),
        ConnCommand::Origin { id, format } => {
            let is_json = context.is_json(*format)?;
            match id {
                Some(id) => origin::of(&store, id, is_json)?,
                None => origin::all(&store, is_json)?,
            }
        }
    }
    Ok(0)
}

/// Lays rows out in columns; where these are wider than the screen, with what follows the first cell of a row below it.
fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let screen = screen::result_width();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if text.lines().all(|line| line.chars().count() <= screen) {
        return text;
    }
    let mut text = String::new();
    for row in rows {
        let [first, rest @ ..] = row.as_slice() else { continue };
        let beside = format!("  {}", rest.join("  "));
        let fits = beside.chars().count() <= screen;
        let rest = if fits { beside } else { format!("  {}", rest.join("\n  ")) };
        for line in [first.as_str(), &rest].into_iter().filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}
