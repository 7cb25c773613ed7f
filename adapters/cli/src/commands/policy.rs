//! `http-hook policy`: policies shown, checked and tabulated.

use std::fmt::Write as _;
use std::path::Path;

use http::Method;
use http_hook::blocking::Transport as _;
use http_hook::{Connection, Hook, RequestPlan};
use serde_json::{Value, json};

use super::foresight::{Outcome, follows, most_sends};
use super::{Context, print, print_json};
use crate::args::PolicyCommand;
use crate::connection;
use crate::exit::Problem;
use crate::hook::{self, Below};
use crate::request::read_policy;
use crate::screen;
use crate::settings::Settings;
use crate::transport::client;

/// What the table is about.
const OUTCOMES: [&str; 12] = [
    "408",
    "421",
    "429",
    "429,retry-after=30",
    "500",
    "501",
    "503",
    "503,retry-after=120",
    "dns",
    "refused",
    "reset",
    "timeout",
];

pub(crate) fn run(command: &PolicyCommand, context: &Context) -> Result<u8, Problem> {
    match command {
        PolicyCommand::Show { conn, format } => {
            let is_json = context.is_json(*format)?;
            let hook = of(conn.as_deref(), &context.settings)?;
            if is_json {
                print_json([("policy", json!(hook.policy()))])?;
                return Ok(0);
            }
            let json = serde_json::to_string_pretty(hook.policy())
                .map_err(|error| Problem::local(format!("the policy: {error}")))?;
            print(&(json + "\n"))?;
        }
        PolicyCommand::Check { file, format } => {
            let is_json = context.is_json(*format)?;
            let policy = read_policy(file)?;
            let hook = of(None, &context.settings)?;
            let plan = RequestPlan::get("").retry(policy);
            let sends = most_sends(&hook, &plan, &Outcome::parse("503")?);
            if is_json {
                print_json([("checked", json!({ "attempts": sends }))])?;
                return Ok(0);
            }
            let sends = screen::count(sends, "attempt", "attempts");
            print(&format!("ok: {sends} at most, if 503 each time\n"))?;
        }
        PolicyCommand::Table { conn, policy, format } => {
            let hook = of(conn.as_deref(), &context.settings)?;
            let policy = policy.as_deref();
            if context.is_json(*format)? {
                print_json([("table", table_json(&hook, policy)?.into())])?;
            } else {
                print(&table(&hook, policy)?)?;
            }
        }
    }
    Ok(0)
}

/// The hook of a connection, or one that has the default policy.
fn of(conn: Option<&str>, settings: &Settings) -> Result<Hook, Problem> {
    let connection = match conn {
        Some(conn) => connection::find(conn, "http://localhost/", settings)?.connection,
        None => Connection::new().with_host("http://localhost"),
    };
    let hook = hook::make(&connection, Below { settings, said: None }, false, false, None)?;
    // What its options need is asked of the client that would send.
    Ok(hook.for_client(client()?.capabilities()))
}

/// The usual plans, with what each is called.
fn usual(policy: Option<&Path>) -> Result<[(&'static str, RequestPlan); 3], Problem> {
    let policy = policy.map(read_policy).transpose()?;
    let plan = |method: &Method| {
        let plan = RequestPlan::new(method.clone(), "");
        match &policy {
            Some(policy) => plan.retry(policy.clone()),
            None => plan,
        }
    };
    let (get, post) = (plan(&Method::GET), plan(&Method::POST));
    let keyed = plan(&Method::POST).idempotency_key();
    Ok([("GET", get), ("POST", post), ("POST with a key", keyed)])
}

/// What happens to them on the usual outcomes, for programs.
fn table_json(hook: &Hook, policy: Option<&Path>) -> Result<Vec<Value>, Problem> {
    let mut rows = Vec::new();
    for (name, plan) in usual(policy)? {
        let outcomes = OUTCOMES.iter().map(|text| {
            let outcome = Outcome::parse(text)?;
            Ok(json!({ "if": outcome.name, "then": follows(hook, &plan, &outcome).json() }))
        });
        let outcomes = outcomes.collect::<Result<Vec<_>, Problem>>()?;
        let attempts = most_sends(hook, &plan, &Outcome::parse("503")?);
        rows.push(json!({ "call": name, "attempts": attempts, "outcomes": outcomes }));
    }
    Ok(rows)
}

/// What happens to the usual methods on the usual outcomes.
fn table(hook: &Hook, policy: Option<&Path>) -> Result<String, Problem> {
    let columns = usual(policy)?;
    let mut text = format!("{:<22}", "sent again after");
    for (name, _) in &columns {
        let _ = write!(text, "{name:<20}");
    }
    let mut text = text.trim_end().to_owned() + "\n";
    for outcome in OUTCOMES {
        let outcome = Outcome::parse(outcome)?;
        let mut row = format!("{:<22}", outcome.name);
        for (_, plan) in &columns {
            let _ = write!(row, "{:<20}", follows(hook, plan, &outcome).cell());
        }
        let _ = writeln!(text, "{}", row.trim_end());
    }
    let busy = Outcome::parse("503")?;
    let mut row = format!("{:<22}", "attempts at most");
    for (_, plan) in &columns {
        let _ = write!(row, "{:<20}", most_sends(hook, plan, &busy));
    }
    let _ = writeln!(text, "{}", row.trim_end());
    Ok(text)
}
