//! Rows as the database gives them, whose columns somebody may have changed.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::error::Error;

/// Reads a column of the row of `what`.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize, what: &str) -> Result<T, Error> {
    row.try_get(at).map_err(|error| {
        let name = row.columns().get(at).map_or("", |column| column.name());
        let cause = Error::database(what, &error);
        let Error::Database { what, cause } = cause else { return cause };
        Error::Database { what, cause: format!("column {name}: {cause}") }
    })
}

/// Takes off what the queue puts around the text of an error: it keeps the `Debug` of its own.
pub(crate) fn plain(error: &str) -> String {
    let inner = error.strip_prefix("TaskError(\"").and_then(|rest| rest.strip_suffix("\")"));
    let Some(inner) = inner else { return error.to_owned() };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(char) = rest.next() {
        if char != '\\' {
            text.push(char);
            continue;
        }
        match rest.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('0') => text.push('\0'),
            Some('u') => {
                let digits: String =
                    rest.by_ref().skip(1).take_while(|char| *char != '}').collect();
                text.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            other => text.extend(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn an_error_of_the_queue_is_told_as_it_was() {
        for text in ["", "call a: gone", "a \"b\" \\ 'c'", "\n\r\t\0\u{1b}\u{2028} é"] {
            let kept = format!("TaskError({text:?})");
            assert_eq!(plain(&kept), text);
        }
        assert_eq!(plain("interrupted"), "interrupted");
    }
}
