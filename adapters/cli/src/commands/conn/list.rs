//! `http-hook conn list`: what there is, without secrets.

use serde_json::json;

use super::shown::{host, kind};
use super::{columns, print, print_json};
use crate::exit::Problem;
use crate::screen;
use crate::store::Store;

/// A place as a shell has it: `~` is the user's own folder.
fn from_home(place: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    let home = home.trim_end_matches('/');
    if home.is_empty() {
        return place.to_owned();
    }
    place.replace(&format!("{home}/"), "~/")
}

/// Prints ids, types, hosts and places. One that is broken is told of, and spoils no other.
pub(crate) fn run(store: &Store, as_json: bool) -> Result<(), Problem> {
    let mut rows = vec![["id", "type", "host", "from"].map(str::to_owned).to_vec()];
    let mut values = Vec::new();
    for known in store.list()? {
        let (id, place, shadowed) = (known.id, known.place, known.shadowed);
        let (of_kind, host, error) = match store.find(&id) {
            Ok(Some(found)) => {
                let connection = found.connection();
                (kind(connection).map(str::to_owned), host(connection), None)
            }
            Ok(None) => continue,
            Err(problem) => (None, None, Some(problem.message().to_owned())),
        };
        if as_json {
            values.push(json!({ "id": id, "type": of_kind, "host": host, "place": place, "shadowed": shadowed, "error": error }));
            continue;
        }
        if let Some(error) = error {
            screen::warning(&error);
        }
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let row = [id, or_none(of_kind), or_none(host), from_home(&place)];
        rows.push(row.map(|cell| screen::line(&cell)).to_vec());
    }
    if as_json {
        return print_json([("connections", values.into())]);
    }
    if rows.len() == 1 {
        screen::note("there is no connection; `http-hook conn add ID` stores one");
        return Ok(());
    }
    print(&columns(&rows))
}
