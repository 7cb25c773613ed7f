//! Conditions on an answer, as words.
//!
//! | word | holds for an answer |
//! | --- | --- |
//! | `status=200,404,5xx,520-530` | with one of these statuses |
//! | `Header:value`, `Header:` | with this header, with this one whatever its value |
//! | `/pointer=text` | whose body is JSON with this there: the text, or the number, `true`, `false` or `null` that is written so |
//! | `/pointer:=JSON` | the same with any value, told exactly |
//! | `jq:EXPRESSION` | of whose body the expression makes neither nothing, `false` nor `null` first |
//! | `!WORD` | for which the word does not hold |

use std::ops::RangeInclusive;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_hook::retry::{Condition, RetryOutcome};
use serde_json::Value;

use crate::exit::Problem;
use crate::jq::Jq;

/// Reads words of which one has to hold.
pub(crate) fn any(words: &[String], place: &str) -> Result<Condition, Problem> {
    match words {
        [] => Ok(Condition::Never),
        [word] => one(word, place),
        words => Ok(Condition::Any { conditions: each(words, place)? }),
    }
}

/// Reads words all of which have to hold.
pub(crate) fn all(words: &[String], place: &str) -> Result<Condition, Problem> {
    match words {
        [word] => one(word, place),
        words => Ok(Condition::All { conditions: each(words, place)? }),
    }
}

/// Whether a condition holds for an answer that is in memory.
pub(crate) fn holds(condition: &Condition, response: &Response<Bytes>) -> bool {
    condition.holds(&Came(response))
}

/// A condition of an option on its own, so that it can be told which one ended a call.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    condition: Condition,
    /// Whether it ends the call where it holds.
    forbids: bool,
    /// What is said where it does.
    says: String,
}

impl Rule {
    /// Every answer for which the condition holds breaks the rule.
    pub(crate) fn forbids(condition: Condition, says: &str) -> Self {
        Self { condition, forbids: true, says: says.to_owned() }
    }
}

/// Reads words as rules: what each asks of an answer, or forbids. A value that is compared with may be secret, and is not said.
pub(crate) fn rules(words: &[String], place: &str, forbids: bool) -> Result<Vec<Rule>, Problem> {
    let rule = |(index, word): (usize, &String)| {
        let name = name_of(word);
        let which = match words.len() {
            1 => format!("{place} {name}"),
            count => format!("{place} {} of {count}, {name},", index + 1),
        };
        let verb = if forbids { "holds" } else { "does not hold" };
        let says = format!("{which} {verb} for the answer");
        Ok(Rule { condition: one(word, place)?, forbids, says })
    };
    words.iter().enumerate().map(rule).collect()
}

/// A condition without what it compares with: `/state`, `Retry-After:`, `status=5xx`, `jq:…`.
fn name_of(word: &str) -> String {
    let (not, word) = word.strip_prefix('!').map_or(("", word), |word| ("!", word));
    let name = if word.starts_with("status=") {
        word
    } else if word.starts_with("jq:") {
        "jq:…"
    } else if word.starts_with('/') {
        word.split('=').next().unwrap_or_default().trim_end_matches(':')
    } else {
        word.split_inclusive(':').next().unwrap_or_default()
    };
    format!("{not}{name}")
}

/// Says which rule an answer breaks: the first.
pub(crate) fn broken<'a>(rules: &'a [Rule], response: &Response<Bytes>) -> Option<&'a str> {
    let rule = rules.iter().find(|rule| holds(&rule.condition, response) == rule.forbids)?;
    Some(&rule.says)
}

struct Came<'a>(&'a Response<Bytes>);

impl RetryOutcome for Came<'_> {
    fn failed(&self) -> bool {
        false
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.0.status())
    }

    fn headers(&self) -> Option<&HeaderMap> {
        Some(self.0.headers())
    }

    fn body(&self) -> Option<&[u8]> {
        Some(self.0.body())
    }
}

/// Whether one of them says something of the status, so that no other status is a failure by itself.
pub(crate) fn tell_status(words: &[String]) -> bool {
    words.iter().any(|word| word.trim_start_matches('!').starts_with("status="))
}

fn each(words: &[String], place: &str) -> Result<Vec<Condition>, Problem> {
    words.iter().map(|word| one(word, place)).collect()
}

fn one(word: &str, place: &str) -> Result<Condition, Problem> {
    if let Some(word) = word.strip_prefix('!') {
        return Ok(!one(word, place)?);
    }
    if let Some(expression) = word.strip_prefix("jq:") {
        return of_jq(expression, place);
    }
    if let Some(list) = word.strip_prefix("status=") {
        return Ok(Condition::Status { statuses: statuses(list, place)? });
    }
    if word.starts_with('/') {
        return pointed(word, place);
    }
    match word.split_once(':') {
        Some((name, value)) if name.parse::<http::HeaderName>().is_ok() => {
            let value = value.trim();
            let equals = (!value.is_empty()).then(|| value.to_owned());
            Ok(Condition::Header { name: name.to_owned(), equals, contains: None })
        }
        _ => Err(Problem::usage(format!(
            "{place}: a condition is status=LIST, Header:value, /pointer=text, /pointer:=JSON or jq:EXPRESSION, or `!` and one of these"
        ))),
    }
}

/// Reads `/pointer=text` and `/pointer:=JSON`.
fn pointed(word: &str, place: &str) -> Result<Condition, Problem> {
    let Some((pointer, text)) = word.split_once('=') else {
        return Err(Problem::usage(format!("{place}: what has to stand at {word}? {word}=text")));
    };
    let (pointer, condition) = match pointer.strip_suffix(':') {
        Some(pointer) => {
            let value: Value = serde_json::from_str(text).map_err(|_| {
                Problem::usage(format!("{place}: what follows {pointer}:= is no JSON"))
            })?;
            (pointer, Condition::json(pointer, value))
        }
        None => (pointer, as_written(pointer, text)),
    };
    let sound = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if sound {
        return Ok(condition);
    }
    Err(Problem::usage(format!(
        "{place}: in a pointer `~` stands in ~0 (a `~`) and ~1 (a `/`) only"
    )))
}

/// A text, or what else is written so.
fn as_written(pointer: &str, text: &str) -> Condition {
    let own = Condition::json(pointer, text);
    match serde_json::from_str::<Value>(text) {
        Ok(value) if !matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            own | Condition::json(pointer, value)
        }
        _ => own,
    }
}

/// Reads `200,404,5xx,520-530`.
pub(crate) fn statuses(list: &str, place: &str) -> Result<Vec<RangeInclusive<u16>>, Problem> {
    let each = list.split(',').map(|one| {
        let one = one.trim();
        status(one).ok_or_else(|| {
            Problem::usage(format!("{place}: {one} is no status: 404, 5xx or 520-530 is one"))
        })
    });
    each.collect()
}

fn status(text: &str) -> Option<RangeInclusive<u16>> {
    let number = |text: &str| {
        let number = text.parse::<u16>().ok().filter(|_| text.len() == 3)?;
        (100..=999).contains(&number).then_some(number)
    };
    if let Some(class) = text.strip_suffix("xx").filter(|class| class.len() == 1) {
        let class = class.parse::<u16>().ok().filter(|class| *class > 0)?;
        return Some(class * 100..=class * 100 + 99);
    }
    match text.split_once('-') {
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first..=last)
        }
        None => number(text).map(|status| status..=status),
    }
}

/// Whether a condition asks for a status that is a failure otherwise.
pub(crate) fn names_failures(condition: &Condition) -> bool {
    names(condition, false)
}

/// The same of a condition, or of its opposite.
fn names(condition: &Condition, opposite: bool) -> bool {
    match condition {
        Condition::Status { statuses } => (300..=999)
            .any(|status| statuses.iter().any(|range| range.contains(&status)) != opposite),
        Condition::Not { condition } => names(condition, !opposite),
        Condition::Any { conditions } | Condition::All { conditions } => {
            conditions.iter().any(|condition| names(condition, opposite))
        }
        _ => false,
    }
}

/// The places in a body that words name.
pub(crate) fn places(words: &[String]) -> impl Iterator<Item = &str> {
    let words = words.iter().map(|word| word.trim_start_matches('!'));
    let named = words.filter(|word| word.starts_with('/')).filter_map(|word| word.split_once('='));
    named.map(|(place, _)| place.strip_suffix(':').unwrap_or(place))
}

fn of_jq(expression: &str, place: &str) -> Result<Condition, Problem> {
    let jq = Jq::new(expression, place)?;
    Ok(Condition::custom(move |outcome| outcome.body().is_some_and(|body| jq.holds(body))))
}

#[cfg(test)]
mod tests {
    use super::one;

    #[test]
    fn words_are_conditions() {
        for (word, json) in [
            ("status=200,5xx,520-530", r#"{"type":"status","statuses":[200,"5xx","520-530"]}"#),
            ("X-Done: yes", r#"{"type":"header","name":"X-Done","equals":"yes"}"#),
            ("X-Done:", r#"{"type":"header","name":"X-Done"}"#),
            ("/a/b=done", r#"{"type":"body_json","pointer":"/a/b","equals":"done"}"#),
            ("/a:=[1]", r#"{"type":"body_json","pointer":"/a","equals":[1]}"#),
            (
                "/n=3",
                r#"{"type":"any","conditions":[{"type":"body_json","pointer":"/n","equals":"3"},{"type":"body_json","pointer":"/n","equals":3}]}"#,
            ),
            (
                "!/state=new",
                r#"{"type":"not","condition":{"type":"body_json","pointer":"/state","equals":"new"}}"#,
            ),
        ] {
            let condition = one(word, "--until").map_err(|problem| problem.message().to_owned());
            let written = serde_json::to_string(&condition.unwrap()).unwrap();
            assert_eq!(written, json, "{word}");
        }
        for word in
            ["", "done", "status=", "status=20", "status=600-500", "/a", "/a~=1", "/a:=x", "a b:c"]
        {
            assert!(one(word, "--until").is_err(), "{word}");
        }
    }
}
