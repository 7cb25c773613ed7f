//! `http-hook pages`: all pages of an answer, or their items, as lines.

mod found;
mod look;
mod sink;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_hook::blocking::{Body, Clock as _};
use http_hook::observe::Event;
use http_hook::pages::{Pages, Paging};
use http_hook::{Cause, Failure, Hook, RequestPlan, SendCause};
use serde_json::json;

use super::call::{Manner, Ready, check_secrets, deadline_of, format_of, state, target, warn};
use super::plan;
use super::session::{Session, Way};
use super::stage::Stage;
use super::{Context, Tape, curl, print};
use crate::args::{CallArgs, Format, NextBy, Pages as Args};
use crate::connection::id_of;
use crate::cookies;
use crate::drive::{drive, unkept};
use crate::exit::Problem;
use crate::jq::Jq;
use crate::output::{self, Content, Heads, Target, items, json as text, text_at};
use crate::private;
use crate::report::{SCHEMA, millis};
use crate::screen;
use crate::state::{State, StateFile, What};
use found::{check_further, cursor, first, paging};
use look::Look;
use sink::Sink;

/// What a command of curl leaves out.
const FURTHER: &str = "the pages after the first one";
const MANNER: Manner = Manner { follows: true, holds_body: true, decodes: true };

/// Reads the pages from the first one on.
pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Problem> {
    let call = &args.call;
    let paging = paging(args)?;
    if call.dry_run {
        return plan::show(call, &[], MANNER, &first(args), context);
    }
    if call.result.include || call.result.print.is_some() {
        return Err(Problem::usage("pages are printed without their heads; -vv tells them"));
    }
    check_kept(call)?;
    let Ready { found, hook, planned, seed, cookies, endpoint } =
        Ready::in_manner(call, &context.settings, MANNER)?;
    let way =
        Way::new(&context.tape)?.hiding(&hook).keeping(&cursor(args), args.at_header.as_deref());
    let hook = hook.for_client(way.transport().capabilities());
    if call.curl {
        return curl::run(&hook, &planned, call, &endpoint, (FURTHER, &context.settings));
    }
    let format = format_of(&call.result, &context.settings)?;
    check_secrets(call.result.show_secrets)?;
    warn(&found, &hook, format, context);
    if call.save_state.is_some() {
        check_further(args, &hook, &planned.plan)?;
    }
    let target = target(&call.result, &endpoint)?;
    let jq = Jq::given(&call.result)?;
    let kept = state(call, What::Pages, found.again.as_deref(), &target)?
        .map(|kept| kept.following(true).printing(args.items.clone(), call.result.jq.clone()));
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: Some(planned.method),
        source: None,
        deadline: deadline_of(&call.limits, &context.settings)?,
        result: &call.result,
        format,
        target,
        explained: hook.explain(&planned.plan).ok(),
        state: kept,
        cookies: cookies.as_ref(),
        jq,
        tries_head: false,
    };
    let begin = Begin::New(Box::new((planned.plan, paging, seed)));
    let leads_on = args.at.as_deref().filter(|_| args.next == NextBy::Url);
    let reading = Reading { session, items: args.items.clone(), leads_on };
    reading.run(&hook, &way, begin, Look::new(args), context)
}

/// Goes on with pages that were kept.
pub(super) fn resume(
    session: Session<'_>,
    hook: &Hook,
    way: &Way,
    state: &State,
    context: &Context,
) -> Result<u8, Problem> {
    let before = state.output.as_ref().map(|(path, _)| path);
    let same = match (before, &session.target) {
        (Some(before), Target::File(path)) => private::is_same(before, path),
        (before, target) => before.is_none() && matches!(target, Target::Stdout),
    };
    if !same {
        return Err(Problem::usage("-o: the pages go on where they went before"));
    }
    let begin = Begin::Kept(&state.call);
    let reading = Reading { session, items: state.items.clone(), leads_on: None };
    reading.run(hook, way, begin, Look::default(), context)
}

/// What a stored call may have only if it is said again cannot be said of pages and polls.
pub(super) fn check_kept(call: &CallArgs) -> Result<(), Problem> {
    let client = &call.client;
    let weakened = client.insecure || client.cacert.is_some() || client.cert.is_some();
    if call.save_state.is_some() && weakened {
        return Err(Problem::usage(
            "--save-state: --insecure, --cacert and --cert are kept for `call` alone",
        )
        .with_hint("the connection can say them"));
    }
    Ok(())
}

/// What pages begin with.
enum Begin<'a> {
    New(Box<(RequestPlan, Paging, u64)>),
    /// What was kept.
    Kept(&'a str),
}

/// Pages being read and printed.
struct Reading<'a> {
    session: Session<'a>,
    items: Option<String>,
    /// Where the URL of the next page is in the body.
    leads_on: Option<&'a str>,
}

impl Reading<'_> {
    fn run(
        &self,
        hook: &Hook,
        way: &Way,
        begin: Begin<'_>,
        mut look: Look<'_>,
        context: &Context,
    ) -> Result<u8, Problem> {
        let session = &self.session;
        let stage = session.stage(context);
        let away = AtomicBool::new(false);
        let observer = |event: &Event<'_>| {
            let leaves =
                matches!(event, Event::Send { cause: SendCause::First, own_origin: false, .. });
            if leaves && !away.swap(true, Ordering::Relaxed) {
                stage.note("the next page is at another origin: it is asked for without anything of the connection");
            }
            stage.event(event);
        };
        let pages = match begin {
            Begin::New(new) => {
                let (plan, paging, seed) = *new;
                Pages::new(hook, plan, paging, seed, stage.now())
            }
            Begin::Kept(text) => Pages::resume(hook, text, stage.now())
                .map_err(|error| Problem::usage(format!("the pages that were kept: {error}")))?,
        };
        let mut pages = pages.observer(&observer);
        let mut beside = session.beside(hook, context);
        beside.ends = session.deadline.map(|deadline| stage.now().after(deadline));
        let mut sink = Sink::open(&session.target, session.state.as_ref(), &stage.bars)?;
        let drawn = !(matches!(session.target, Target::Stdout) && std::io::stdout().is_terminal());
        let mut meter = drawn.then(|| stage.bars.meter("down", None));
        while !pages.is_over() {
            if pages.run().is_some() {
                beside.keep(&pages).map_err(|error| {
                    let file = session.state.as_ref();
                    if !file.is_some_and(StateFile::unwritten) {
                        // What leads on cannot be kept, so what was kept before leads nowhere.
                        session.over();
                        sink.give_up();
                    }
                    unkept(&error, file)
                })?;
            }
            let page = drive(&mut pages, hook, way.transport(), &stage, &mut beside);
            let page = match page.map_err(|problem| self.left(problem))? {
                Ok(page) => page,
                Err(failure) => {
                    if matches!(failure.cause(), Cause::Request(_)) {
                        sink.give_up();
                    }
                    return self.fail(&failure, &pages, &stage, way, context);
                }
            };
            if let Some(url) = self.leads_on.and_then(|place| text_at(page.body(), place)) {
                // By its query a recording tells one page from the next.
                way.keep_query_of(&url);
            }
            let made = self.made(&page, pages.paging(), &stage, &beside.heads)?;
            if !sink.write(&made)? {
                // Whoever read them has read enough.
                session.over();
                if matches!(context.tape, Tape::Record(_)) {
                    way.end(&context.tape)?;
                }
                return Ok(0);
            }
            if let Some(meter) = &mut meter {
                meter.add(page.body().len());
            }
            let (count, ..) = pages.counts();
            if session.warns(context)
                && let Some(odd) = look.at(count, &page)
            {
                stage.bars.clear();
                screen::warning(&odd);
            }
            if count == 1 && look.lacks_link(&page) {
                stage.note("the first page has no header Link: --next says how else the next page is found");
            }
        }
        drop(meter);
        sink.done()?;
        session.over();
        stage.bars.clear();
        let kept = cookies::keep(session.cookies, stage.now());
        stage.end(way, context)?;
        self.told(&pages, &stage)?;
        kept.map(|()| 0)
    }

    /// Makes of a page what is printed.
    fn made(
        &self,
        page: &Response<Bytes>,
        paging: &Paging,
        stage: &Stage,
        heads: &Heads,
    ) -> Result<Vec<u8>, Problem> {
        let Session { format, jq, target, .. } = &self.session;
        let body = page.body();
        let values: Option<Vec<Vec<u8>>> = match &self.items {
            None => None,
            Some(pointer) => Some(if let Some(items) = items(body, pointer) {
                items.into_iter().map(|item| item.as_bytes().to_vec()).collect()
            } else {
                let items = paging.items_of(page).map_err(|error| Problem::of_error(&error))?;
                items.into_iter().map(|item| item.to_string().into_bytes()).collect()
            }),
        };
        let lines: Vec<Vec<u8>> = match (values, jq) {
            (None, None) => vec![body.to_vec()],
            (Some(values), None) => values,
            (values, Some(jq)) => {
                let mut lines = Vec::new();
                for value in values.unwrap_or_else(|| vec![body.to_vec()]) {
                    let made = jq.lines(&value)?;
                    lines.extend(
                        made.split(|byte| *byte == b'\n')
                            .filter(|line| !line.is_empty())
                            .map(<[u8]>::to_vec),
                    );
                }
                lines
            }
        };
        let whole = self.items.is_none() && jq.is_none();
        let mut out = Vec::new();
        if *format == Format::Json && matches!(target, Target::Stdout) {
            let body = if whole {
                body.to_vec()
            } else {
                [b"[", lines.join(&b","[..]).as_slice(), b"]"].concat()
            };
            let (told, status) = (stage.timeline.told(), page.status().as_u16());
            let content = Content::Bytes(&body);
            let headers = heads.to_json(page.headers());
            let line = output::envelope(self.session.name, &told, status, &headers, &content, 0);
            return Ok(line.into_bytes());
        }
        for line in lines {
            let laid_out = match format {
                Format::Raw if whole => None,
                Format::Pretty => text::indent(&line),
                _ => text::compact(&line),
            };
            match laid_out {
                Some(text) if matches!(target, Target::Stdout) => {
                    let text =
                        if std::io::stdout().is_terminal() { screen::plain(&text) } else { text };
                    out.extend_from_slice(text.as_bytes());
                    out.push(b'\n');
                }
                Some(text) => {
                    out.extend_from_slice(text.as_bytes());
                    out.push(b'\n');
                }
                None if matches!(target, Target::Stdout) && std::io::stdout().is_terminal() => {
                    let text = screen::plain(&String::from_utf8_lossy(&line));
                    out.extend_from_slice(text.as_bytes());
                    if !text.ends_with('\n') {
                        out.push(b'\n');
                    }
                }
                None => out.extend_from_slice(&line),
            }
        }
        Ok(out)
    }

    /// Says how to go on where time ran out.
    fn left(&self, problem: Problem) -> Problem {
        match &self.session.state {
            Some(state) if state.path().exists() => {
                problem.with_hint(format!("http-hook resume {} goes on", state.path().display()))
            }
            _ => problem,
        }
    }

    /// Tells why there is no further page; what was printed stays.
    fn fail(
        &self,
        failure: &Failure,
        pages: &Pages<'_, Body>,
        stage: &Stage,
        way: &Way,
        context: &Context,
    ) -> Result<u8, Problem> {
        let session = &self.session;
        if matches!(failure.cause(), Cause::Request(_)) {
            session.over();
        }
        let body = failure.body().filter(|body| !body.is_empty()).cloned();
        let code = session.failed(failure, stage, way, context)?;
        if session.format != Format::Json && context.quiet < 2 {
            if let Some(body) = body {
                let body: String = String::from_utf8_lossy(&body).chars().take(500).collect();
                screen::error(&screen::field("body", body.trim()));
            }
            screen::error(&screen::field("so far", &counted(pages, stage.timeline.elapsed())));
            if let Some(state) = session.state.as_ref().filter(|state| state.path().exists()) {
                let how = format!("http-hook resume {}", state.path().display());
                screen::error(&screen::field("go on", &how));
            }
        }
        Ok(code)
    }

    /// Tells what was read.
    fn told(&self, pages: &Pages<'_, Body>, stage: &Stage) -> Result<(), Problem> {
        let elapsed = stage.timeline.elapsed();
        if let (Format::Json, Target::File(path)) = (self.session.format, &self.session.target) {
            let (pages, items, bytes) = pages.counts();
            let result = json!({
                "connection": id_of(self.session.name),
                "pages": pages,
                "items": items,
                "bytes": bytes,
                "elapsed_ms": millis(elapsed),
                "output": path.to_string_lossy(),
                "exit": 0,
            });
            print(&format!("{}\n", json!({ "schema": SCHEMA, "result": result })))?;
        } else if pages.counts().0 > 1 {
            stage.note(&counted(pages, elapsed));
        }
        Ok(())
    }
}

fn counted(pages: &Pages<'_, Body>, elapsed: Duration) -> String {
    let (count, items, bytes) = pages.counts();
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let mut text = screen::count(number(count), "page", "pages");
    if items > 0 {
        let _ = write!(text, ", {}", screen::count(number(items), "item", "items"));
    }
    let _ = write!(text, ", {}, {}", screen::bytes(bytes), screen::seconds(elapsed));
    text
}
