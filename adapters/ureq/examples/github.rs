//! Every issue of a repository, as GitHub pages and limits: the header `Link`, a quota until a time of the clock, 403 as well as 429.
//!
//! `cargo run -p http-hook-ureq --example github` calls a server of its own on loopback, which checks what is done.

use std::error::Error;
use std::time::Duration;

use http_hook_conformance::apis::Api;
use http_hook_ureq::pages::Paging;
use http_hook_ureq::retry::{Condition, Hints, Stop};
use http_hook_ureq::{Connection, Hook, RetryPolicy, from_hook};

#[derive(serde::Deserialize)]
struct Issue {
    number: u64,
}

/// GitHub refuses with 403, too: with nothing left of the quota, which is filled again once an hour, or with `Retry-After`.
fn policy() -> RetryPolicy {
    let asks_to_wait = Condition::statuses(&[403]) & Condition::header("retry-after");
    let usual = RetryPolicy::default();
    let mut hints = Hints { cap: Duration::from_secs(3600), ..Hints::default() };
    hints.statuses.push(403..=403);
    RetryPolicy {
        when: usual.when | Condition::RateLimited | asks_to_wait,
        stop: Stop::after_attempt(6),
        hints,
        ..RetryPolicy::default()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Api::github();

    let github = Connection::new().with_host(server.base()).with_password("secret").with_extra(
        r#"{"Accept": "application/vnd.github+json", "http_hook": {"auth": {"scheme": "bearer"}}}"#,
    );
    let api = from_hook(Hook::builder(&github).policy(policy()).build()?);

    let list = api.get("repos/octo/shop/issues").param("per_page", 50);
    let issues: Vec<Issue> = api.pages(list, Paging::link()).items().collect::<Result<_, _>>()?;

    // Asked with the tag that came with it, what has not changed costs nothing of the quota.
    let first = api.get("repos/octo/shop/issues").send()?;
    let tag = first.headers()["etag"].to_str()?;
    let again = api.get("repos/octo/shop/issues").header("If-None-Match", tag).send()?;
    assert_eq!(again.status(), 304);

    // A list that leads back to itself ends; one that leads to another origin takes no token along, as the server looks.
    let items = |path| api.pages(api.get(path), Paging::link()).items::<Issue>();
    let circle = items("repos/octo/circle/issues").find_map(Result::err);
    println!("{}", circle.ok_or("it ends as if it were whole")?);
    let moved: Vec<Issue> = items("repos/octo/moved/issues").collect::<Result<_, _>>()?;
    assert_eq!(moved.len(), issues.len());

    assert!(server.refused() > 0, "it has been asked for more than it allows, and waited for");
    server.done(issues.iter().map(|issue| issue.number));
    Ok(())
}
