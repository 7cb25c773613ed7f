//! `http-hook conn origin`: where ids were looked for and found, and what that shadows.

use http_hook_sources::Known;
use serde_json::{Value, json};

use super::{columns, print, print_json};
use crate::exit::Problem;
use crate::screen;
use crate::store::Store;

/// Prints what every source says of an id.
pub(crate) fn of(store: &Store, id: &str, is_json: bool) -> Result<(), Problem> {
    let origin = store.origin(id)?;
    let found = store.get(id);
    let mut rows = Vec::new();
    let mut is_first = true;
    for (name, said) in origin.asked {
        let (place, what) = match said {
            Ok(None) => (name, "nothing".to_owned()),
            Ok(Some(place)) => {
                let what = match &found {
                    Err(_) => "not used, since a source before it fails",
                    Ok(_) if is_first => "used",
                    Ok(_) => "shadowed",
                };
                is_first = false;
                (place, what.to_owned())
            }
            Err(error) => {
                let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
                (format!("{}{line}", error.place()), error.says().to_owned())
            }
        };
        rows.push([place, what].map(|cell| screen::line(&cell)).to_vec());
    }
    if is_json {
        let one = |row: &Vec<String>| json!({ "place": row.first(), "says": row.last() });
        let asked: Vec<Value> = rows.iter().map(one).collect();
        print_json([("origin", json!({ "id": id, "asked": asked }))])?;
        return found.map(|_| ());
    }
    print(&columns(&rows))?;
    found.map(|_| ())
}

/// Prints all ids, where they are from, and what that shadows.
pub(crate) fn all(store: &Store, is_json: bool) -> Result<(), Problem> {
    let list = store.list()?;
    if is_json {
        let one = |known: &Known| json!({ "id": known.id, "place": known.place, "shadowed": known.shadowed });
        let all: Vec<Value> = list.iter().map(one).collect();
        return print_json([("connections", all.into())]);
    }
    let mut rows = Vec::new();
    for known in list {
        rows.push([known.id, known.place].map(|cell| screen::line(&cell)).to_vec());
        for place in known.shadowed {
            rows.push(vec![String::new(), format!("shadows {}", screen::line(&place))]);
        }
    }
    print(&columns(&rows))
}
