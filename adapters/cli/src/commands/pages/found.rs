//! How the next page is found, of options.

use http_hook::pages::Paging;
use http_hook::{Call, Hook, RequestPlan, Timestamp};

use crate::args::{NextBy, Pages as Args};
use crate::drive::unkept;
use crate::exit::Problem;

/// The names that a cursor has in a body and in a query, by which one page is told from the next.
pub(super) fn cursor(args: &Args) -> Vec<&str> {
    if args.next != NextBy::Cursor {
        return Vec::new();
    }
    let field = args.at.as_deref().and_then(|pointer| pointer.rsplit('/').next());
    field.into_iter().chain(params(args)).collect()
}

/// The parameters that a page is asked for with.
pub(super) fn params(args: &Args) -> Vec<&str> {
    let param = |usual: &'static str| args.param.as_deref().unwrap_or(usual);
    match args.next {
        NextBy::Link | NextBy::Url => Vec::new(),
        NextBy::Cursor => vec![param("cursor")],
        NextBy::Page => vec![param("page")],
        NextBy::Offset => vec![param("offset"), args.limit_param.as_deref().unwrap_or("limit")],
    }
}

/// The parameters that the first page is asked for with.
pub(super) fn first(args: &Args) -> Vec<(&str, String)> {
    let first = match args.next {
        NextBy::Page => args.first.unwrap_or(1),
        NextBy::Offset => 0,
        _ => return Vec::new(),
    };
    let values = [first, args.limit.unwrap_or_default()].map(|value| value.to_string());
    params(args).into_iter().zip(values).collect()
}

/// The places that every page has, with the options that name them.
pub(super) fn places(args: &Args) -> Vec<(&str, &'static str)> {
    let named = [(&args.items, "--items"), (&args.more, "--more"), (&args.total, "--total")];
    named.into_iter().filter_map(|(place, option)| Some((place.as_deref()?, option))).collect()
}

/// How the next page is found.
pub(super) fn paging(args: &Args) -> Result<Paging, Problem> {
    let by_pointer = matches!(args.next, NextBy::Url | NextBy::Cursor);
    let counted = matches!(args.next, NextBy::Page | NextBy::Offset);
    let rules = [
        (args.at.is_some() && !by_pointer, "--at", "url or cursor"),
        (args.at_header.is_some() && args.next != NextBy::Cursor, "--at-header", "cursor"),
        (
            args.param.is_some() && !counted && args.next != NextBy::Cursor,
            "--param",
            "cursor, page or offset",
        ),
        (args.first.is_some() && args.next != NextBy::Page, "--first", "page"),
        (args.limit.is_some() && args.next != NextBy::Offset, "--limit", "offset"),
        (args.limit_param.is_some() && args.next != NextBy::Offset, "--limit-param", "offset"),
    ];
    if let Some((_, option, next)) = rules.into_iter().find(|(wrong, _, _)| *wrong) {
        return Err(Problem::usage(format!("{option} is for --next {next}")));
    }
    let pointers = [
        ("--at", &args.at),
        ("--items", &args.items),
        ("--more", &args.more),
        ("--total", &args.total),
    ];
    for (option, pointer) in pointers {
        let sound = |pointer: &str| pointer.is_empty() || pointer.starts_with('/');
        if pointer.as_deref().is_some_and(|pointer| !sound(pointer)) {
            return Err(Problem::usage(format!(
                "{option}: a pointer begins with /, as in /meta/next"
            )));
        }
    }
    let param = |usual: &str| args.param.clone().unwrap_or_else(|| usual.to_owned());
    let due = || Problem::usage("--next url and --next cursor want to know where: --at POINTER");
    let mut paging = match args.next {
        NextBy::Link => Paging::link(),
        NextBy::Url => Paging::next_url(args.at.clone().ok_or_else(due)?),
        NextBy::Cursor => match (&args.at, &args.at_header) {
            (Some(pointer), _) => Paging::cursor(pointer, param("cursor")),
            (None, Some(header)) => Paging::cursor_header(header, param("cursor")),
            (None, None) => return Err(due()),
        },
        NextBy::Page => Paging::page(param("page"), args.first.unwrap_or(1)),
        NextBy::Offset => {
            let Some(limit) = args.limit else {
                return Err(Problem::usage("--next offset wants to know how many: --limit N"));
            };
            let limit_param = args.limit_param.as_deref().unwrap_or("limit");
            Paging::offset(param("offset"), limit_param, limit)
        }
    };
    if args.items.is_none() && (args.total.is_some() || args.max_items.is_some()) && !counted {
        return Err(Problem::usage("--total and --max-items count what --items names"));
    }
    if let Some(items) = &args.items {
        paging = paging.items(items);
    }
    if let Some(more) = &args.more {
        paging = paging.more(more);
    }
    if let Some(total) = &args.total {
        paging = paging.total(total);
    }
    if let Some(pages) = args.max_pages {
        paging = paging.max_pages(pages);
    }
    if let Some(items) = args.max_items {
        paging = paging.max_items(items);
    }
    if let Some(bytes) = args.max_bytes {
        paging = paging.max_bytes(bytes);
    }
    Ok(paging)
}

/// What the further pages are asked with has to be storable, too: better before the first one than after it.
pub(super) fn check_further(args: &Args, hook: &Hook, plan: &RequestPlan) -> Result<(), Problem> {
    let mut plan = plan.clone();
    for param in params(args) {
        plan = plan.param(param, "0");
    }
    let further = Call::new(hook, plan, 0, Timestamp::default());
    further.store(hook).map(|_| ()).map_err(|error| unkept(&error, None))
}
