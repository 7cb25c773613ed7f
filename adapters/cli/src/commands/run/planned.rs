//! A line that is a call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Method;
use http_hook::RequestPlan;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::{Object, not_json, text_of};
use super::template::Made;
use crate::exit::Problem;
use crate::request::method_of;
use crate::screen;

/// A line that is a call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<BTreeMap<Cow<'a, str>, Option<String>>>,
    #[serde(borrow)]
    json: Option<&'a RawValue>,
    body: Option<String>,
    #[serde(borrow)]
    form: Option<Object<'a>>,
    idempotency_key: Option<String>,
}

pub(super) fn planned(text: &[u8], method: Option<&Method>) -> Made {
    let line: Planned<'_> = match serde_json::from_slice(text) {
        Ok(line) => line,
        Err(error) => return (None, Err(not_json(&error))),
    };
    let id = match line.id.map(|id| text_of(id).filter(|id| !id.is_empty())) {
        Some(None) => return (None, Err("the id is no text or number".to_owned())),
        id => id.flatten().map(Cow::into_owned),
    };
    (id, line.plan(method))
}

impl Planned<'_> {
    fn plan(self, method: Option<&Method>) -> Result<RequestPlan, String> {
        let bodies = [self.json.is_some(), self.body.is_some(), self.form.is_some()];
        if bodies.iter().filter(|is| **is).count() > 1 {
            return Err("there is more than one body".to_owned());
        }
        let method = method_for(self.method.as_deref(), method, bodies.contains(&true))?;
        let mut plan = RequestPlan::new(method, &self.endpoint);
        if let Some(query) = self.query {
            plan = with_query(plan, query)?;
        }
        for (name, value) in self.headers.unwrap_or_default() {
            plan = match value {
                Some(value) => plan.storable_header(&name, &value),
                None => plan.without_header(&name),
            };
        }
        if let Some(json) = self.json {
            plan = plan.json_text(json.get().to_owned());
        } else if let Some(body) = self.body {
            plan = plan.data(body.into_bytes());
        } else if let Some(form) = self.form {
            let pairs = form.iter().map(|(name, value)| {
                let value = text_of(value).ok_or_else(|| format!("the field {name} is no text"))?;
                Ok((name, value))
            });
            plan = plan.form(pairs.collect::<Result<Vec<_>, String>>()?);
        }
        if let Some(key) = self.idempotency_key {
            plan = plan.storable_header("idempotency-key", &key).idempotency_key();
        }
        Ok(plan)
    }
}

fn with_query(mut plan: RequestPlan, query: &RawValue) -> Result<RequestPlan, String> {
    if query.get().starts_with('"') {
        let text = text_of(query).unwrap_or_default();
        return Ok(plan.params_text(&text));
    }
    let wrong = || "query is neither an object nor a text".to_owned();
    let pairs: Object<'_> = serde_json::from_str(query.get()).map_err(|_| wrong())?;
    for (name, value) in pairs {
        let wrong = || format!("the parameter {name} is no text");
        if value.get().starts_with('[') {
            let members: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|_| wrong())?;
            for member in members {
                plan = plan.param(&name, text_of(member).ok_or_else(wrong)?);
            }
        } else {
            plan = plan.param(&name, text_of(value).ok_or_else(wrong)?);
        }
    }
    Ok(plan)
}

/// What a row may have that is a call without a template.
const COLUMNS: [&str; 6] = ["id", "method", "endpoint", "json", "body", "idempotency_key"];

/// Checks that rows with these columns can be calls as they stand: what none of them can is told once.
pub(super) fn check_columns(names: &csv::StringRecord) -> Result<(), Problem> {
    let twice = |name: &str| names.iter().filter(|own| *own == name).count() > 1;
    let says = match names.iter().find(|name| !COLUMNS.contains(name) || twice(name)) {
        Some(name) if COLUMNS.contains(&name) => format!("two columns {name}"),
        Some(name) => format!("unknown column {}", screen::line(name)),
        None if names.iter().all(|name| name != "endpoint") => "no column endpoint".to_owned(),
        None => return Ok(()),
    };
    let columns = COLUMNS.join(", ");
    Err(Problem::usage(format!("without a template a row is a call: {says}")).with_hint(format!(
        "the columns of a call are {columns}; of other columns a template makes calls: ENDPOINT with {{column}}"
    )))
}

pub(super) fn of_row<'a>(
    row: impl Iterator<Item = (&'a str, &'a str)>,
    method: Option<&Method>,
) -> Made {
    let mut columns = BTreeMap::new();
    for (name, value) in row {
        if !COLUMNS.contains(&name) {
            return (None, Err(format!("unknown column {name}")));
        }
        if !value.is_empty() {
            columns.insert(name, value);
        }
    }
    let get = |name: &str| columns.get(name).copied();
    let plan = || {
        let endpoint = get("endpoint").ok_or("there is no endpoint")?;
        let (json, body) = (get("json"), get("body"));
        if json.is_some() && body.is_some() {
            return Err("there is more than one body".to_owned());
        }
        let has_body = json.is_some() || body.is_some();
        let method = method_for(get("method"), method, has_body)?;
        let mut plan = RequestPlan::new(method, endpoint);
        if let Some(json) = json {
            serde_json::from_str::<serde::de::IgnoredAny>(json)
                .map_err(|_| "the column json is not JSON")?;
            plan = plan.json_text(json.to_owned());
        } else if let Some(body) = body {
            plan = plan.data(body.as_bytes().to_vec());
        }
        if let Some(key) = get("idempotency_key") {
            plan = plan.storable_header("idempotency-key", key).idempotency_key();
        }
        Ok(plan)
    };
    (get("id").map(str::to_owned), plan())
}

fn method_for(own: Option<&str>, given: Option<&Method>, has_body: bool) -> Result<Method, String> {
    match (own, given) {
        (Some(own), _) => method_of(own),
        (None, Some(given)) => Ok(given.clone()),
        (None, None) if has_body => Ok(Method::POST),
        (None, None) => Ok(Method::GET),
    }
}
