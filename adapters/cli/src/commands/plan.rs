//! `http-hook plan`: a call without a network.

use std::fmt::Write as _;

use http_hook::hook::Layer;
use http_hook::{Explanation, Fact, Hook, RequestPlan};

use serde_json::json;

use super::call::{Manner, Ready, format_of};
use super::foresight::{Outcome, follows, most_sends};
use super::{Context, print};
use crate::args::{CallArgs, Format, Plan};
use crate::connection::{Found, id_of};
use crate::exit::{self, Problem};
use crate::hook;
use crate::report::SCHEMA;
use crate::screen::{self, BAD, FAINT, styled};
use crate::settings::Settings;
use crate::transport::client;

/// What is told of where nobody asks.
const USUAL: [&str; 4] = ["503", "429,retry-after=30", "reset", "401"];

pub(crate) fn run(plan: &Plan, context: &Context) -> Result<u8, Problem> {
    let call = &plan.call;
    show(call, &plan.outcomes, Manner::default(), &[], context).map_err(|problem| match of_command(
        &call.conn,
    ) {
        Some(hint) if problem.code() == exit::NOT_FOUND => problem.with_hint(hint),
        _ => problem,
    })
}

/// What helps where the name of a command stands in the place of a connection.
pub(crate) fn of_command(conn: &str) -> Option<&'static str> {
    Some(match conn {
        "call" => "plan takes what stands behind `call`: plan CONN ENDPOINT …",
        "pages" => "`http-hook pages … --dry-run` shows the request of the first page",
        "poll" => "`http-hook poll … --dry-run` shows the request",
        "fetch" => "`http-hook fetch … --dry-run` shows the request",
        _ => return None,
    })
}

/// Prints what would be sent, with these parameters besides, who says so, and what would happen.
pub(crate) fn show(
    call: &CallArgs,
    outcomes: &[String],
    manner: Manner,
    params: &[(&str, String)],
    context: &Context,
) -> Result<u8, Problem> {
    let usual = USUAL.map(str::to_owned);
    let outcomes = if outcomes.is_empty() { &usual } else { outcomes };
    let outcomes =
        outcomes.iter().map(|text| Outcome::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let Ready { found, hook, mut planned, .. } = Ready::in_manner(call, &context.settings, manner)?;
    for (name, value) in params {
        planned.plan = planned.plan.param(name, value);
    }
    let hook = {
        use http_hook::blocking::Transport as _;
        hook.for_client(client()?.capabilities())
    };
    let has_key = call.limits.idempotency_key;
    let explained = hook.explain(&planned.plan).map_err(|error| Problem::of_error(&error))?;
    if format_of(&call.result, &context.settings)? == Format::Json {
        let own = (has_key, &context.settings);
        let text = to_json(&found, &hook, &planned.plan, &explained, &outcomes, own)?;
        return print(&(text + "\n")).map(|()| 0);
    }
    let mut text = headline(&explained);
    let from = format!("  {} ({})", found.name, found.origin);
    let _ = writeln!(text, "{}", styled(FAINT, &screen::wrap(&from, screen::width(), 2)));
    let busy = Outcome::parse("503")?;
    let mut rows: Vec<[String; 3]> = Vec::new();
    for fact in explained.facts.iter().filter(|fact| is_told(fact)) {
        let what = fact.what.trim_start_matches("header ").trim_start_matches("option ");
        let what = said(what);
        let (value, by) = told(fact, has_key, &context.settings);
        rows.push([what.to_owned(), value.unwrap_or_else(|| "(taken out)".to_owned()), by]);
    }
    let attempts = most_sends(&hook, &planned.plan, &busy);
    let of = screen::count(attempts, "attempt", "attempts");
    rows.push(["attempts".to_owned(), format!("{of} at most"), "if 503 each time".to_owned()]);
    text.push_str(&table(&rows));
    for warning in &explained.warnings {
        let line = format!("  warning: {warning}");
        let line = screen::wrap(&screen::line(&line), screen::width(), 4);
        let _ = writeln!(text, "{}", line.replacen("warning", &styled(BAD, "warning"), 1));
    }
    text.push('\n');
    let wide = outcomes.iter().map(|outcome| outcome.name.chars().count()).max().unwrap_or(0);
    for outcome in &outcomes {
        let then = follows(&hook, &planned.plan, outcome).text();
        let begin = format!("if {:<wide$}  ", outcome.name);
        let line = screen::wrap(&format!("{begin}{then}"), screen::width(), wide + 5);
        let _ = writeln!(text, "{line}");
    }
    print(&text)?;
    Ok(0)
}

/// The same for programs.
fn to_json(
    found: &Found,
    hook: &Hook,
    plan: &RequestPlan,
    explained: &Explanation,
    outcomes: &[Outcome],
    (has_key, settings): (bool, &Settings),
) -> Result<String, Problem> {
    let headline = headline(explained);
    let url = headline.trim_end().split_once(' ').map_or("", |(_, url)| url);
    let facts = explained.facts.iter().filter(|fact| is_told(fact));
    let facts: Vec<_> = facts
        .map(|fact| {
            let (value, by) = told(fact, has_key, settings);
            json!({ "what": fact.what, "value": value, "by": by })
        })
        .collect();
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|outcome| json!({ "if": outcome.name, "then": follows(hook, plan, outcome).json() }))
        .collect();
    let warnings: Vec<_> = explained.warnings.iter().map(ToString::to_string).collect();
    let plan = json!({
        "connection": id_of(&found.name),
        "origin": found.origin,
        "method": explained.method.as_str(),
        "url": url,
        "facts": facts,
        "attempts": most_sends(hook, plan, &Outcome::parse("503")?),
        "warnings": warnings,
        "outcomes": outcomes,
    });
    Ok(screen::escaped(&json!({ "schema": SCHEMA, "plan": plan }).to_string()))
}

fn headline(explained: &Explanation) -> String {
    let value = |what: &str| {
        let fact = explained.get(what);
        fact.and_then(|fact| fact.value.clone()).unwrap_or_default()
    };
    let (scheme, host, port) = (value("url.scheme"), value("url.host"), value("url.port"));
    let usual = matches!((scheme.as_str(), port.as_str()), ("http", "80") | ("https", "443"));
    let port = if usual { String::new() } else { format!(":{port}") };
    let query = explained.get("url.query").and_then(|fact| fact.value.clone());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{scheme}://{host}{port}{}{query}", value("url.path"));
    format!("{} {}\n", explained.method, screen::line(&url))
}

/// What a fact says, and who says it. A key of the option is another one for each call.
fn told(fact: &Fact, has_key: bool, settings: &Settings) -> (Option<String>, String) {
    if has_key && fact.what == "header idempotency-key" {
        return (Some("another for each call".to_owned()), "--idempotency-key".to_owned());
    }
    (fact.value.clone(), by(fact, settings))
}

/// What the first line does not tell already.
fn is_told(fact: &Fact) -> bool {
    !fact.what.starts_with("url.")
}

/// The options that hold for a call by a connection or a setting, each with who says so.
pub(super) fn of_elsewhere(explained: &Explanation, settings: &Settings) -> Vec<String> {
    let facts = explained.facts.iter().filter(|fact| {
        fact.what.starts_with("option ")
            && match fact.layer {
                Layer::Connection(_) => true,
                Layer::Program => {
                    setting_of(&fact.what).is_some_and(|key| settings.value(key).is_some())
                }
                _ => false,
            }
    });
    facts
        .map(|fact| {
            let what = said(fact.what.trim_start_matches("option "));
            let value = fact.value.as_deref().unwrap_or("none");
            let by = by(fact, settings);
            format!("{what} {value}, by {}", by.split(", over").next().unwrap_or_default())
        })
        .collect()
}

/// Who says so, and over whom.
fn by(fact: &Fact, settings: &Settings) -> String {
    let name = |layer: &Layer| match layer {
        Layer::Program => setting_of(&fact.what)
            .and_then(|key| settings.value(key))
            .map_or_else(|| "http-hook".to_owned(), |value| value.origin.to_string()),
        Layer::Netrc => hook::netrc(),
        other => other.to_string(),
    };
    let mut text = name(&fact.layer);
    for (index, over) in fact.overrides.iter().enumerate() {
        text.push_str(if index == 0 { ", over " } else { " and " });
        text.push_str(&name(over));
    }
    text
}

/// What an option of the library is called on the command line.
fn said(what: &str) -> &str {
    match what {
        "connect_timeout" => "connect-timeout",
        "head_timeout" => "timeout (head)",
        "idle_timeout" => "timeout (silence)",
        "allow_redirects" => "location",
        "max_redirects" => "max-redirs",
        "proxies" => "proxy",
        other => other,
    }
}

/// The setting that an option of the program is from.
fn setting_of(what: &str) -> Option<&'static str> {
    match what.strip_prefix("option ")? {
        "connect_timeout" => Some("connect-timeout"),
        "head_timeout" | "idle_timeout" => Some("timeout"),
        "proxies" => Some("proxy"),
        "verify" => Some("cacert"),
        _ => None,
    }
}

/// Three columns, of which the last is wrapped.
fn table(rows: &[[String; 3]]) -> String {
    let width = |column: usize, most: usize| {
        let long = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        long.min(most)
    };
    let (first, second) = (width(0, 24), width(1, 28));
    let mut text = String::new();
    for [what, value, by] in rows {
        let (what, value) = (screen::line(what), screen::line(value));
        let _ = write!(text, "  {what:<first$}  {value:<second$}");
        let column = first + second + 6;
        let fits = what.chars().count() <= first && value.chars().count() <= second;
        let wide = screen::width();
        // In a column, or below where that would be too narrow.
        let column = if column.saturating_add(screen::ROOM) > wide { 4 } else { column };
        let fits = fits && column > 4;
        let blanks = " ".repeat(column);
        let wrapped = screen::wrap(&format!("{blanks}{by}"), wide, column);
        if fits {
            let _ = writeln!(text, "  {}", wrapped.trim_start());
        } else {
            text.truncate(text.trim_end().len());
            let _ = writeln!(text, "\n{wrapped}");
        }
    }
    text
}
