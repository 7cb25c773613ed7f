//! Every issue that a search finds, as Jira pages and limits: a token for the next page, or a number to start at; 429 with `Retry-After`.
//!
//! `cargo run -p http-hook-ureq --example jira` calls a server of its own on loopback, which checks what is done.

use std::error::Error;

use http_hook_conformance::apis::Api;
use http_hook_ureq::pages::Paging;
use http_hook_ureq::{Connection, Hook, RetryPolicy, from_hook, retry::Stop};

#[derive(serde::Deserialize)]
struct Issue {
    id: String,
    key: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Api::jira();

    let jira =
        Connection::new().with_host(server.base()).with_login("reader").with_password("secret");
    let policy = RetryPolicy { stop: Stop::after_attempt(6), ..RetryPolicy::default() };
    let api = from_hook(Hook::builder(&jira).policy(policy).build()?);

    // The search of today: the last page has no token.
    let search = |jql| api.get("rest/api/3/search/jql").param("jql", jql).param("maxResults", 100);
    let today = || Paging::cursor("/nextPageToken", "nextPageToken").items("/issues");
    let issues: Vec<Issue> =
        api.pages(search("project = SHOP"), today()).items().collect::<Result<_, _>>()?;

    // The one of old, and most other lists: however many are asked for, a page may have fewer.
    let search_of_old = api.get("rest/api/2/search").param("jql", "project = SHOP");
    let of_old = Paging::offset("startAt", "maxResults", 100).items("/issues").total("/total");
    let same: Vec<Issue> = api.pages(search_of_old, of_old).items().collect::<Result<_, _>>()?;
    assert!(issues.iter().map(|issue| &issue.key).eq(same.iter().map(|issue| &issue.key)));

    // A token that comes again ends the pages; a redirect to another origin takes no credentials along, as the server looks.
    let items = |jql| api.pages(search(jql), today()).items::<Issue>();
    let circle = items("project = CIRCLE").find_map(Result::err);
    println!("{}", circle.ok_or("it ends as if it were whole")?);
    let moved: Vec<Issue> = items("project = MOVED").collect::<Result<_, _>>()?;
    assert_eq!(moved.len(), issues.len());

    let ids = issues.iter().map(|issue| issue.id.parse());
    server.done(ids.collect::<Result<Vec<_>, _>>()?);
    Ok(())
}
