//! `http-hook poll`: asks until what is waited for has come.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http_hook::blocking::{Body, Clock, Transport};
use http_hook::observe::Event;
use http_hook::poll::{Poll, Polling};
use http_hook::retry::{Condition, Wait};
use http_hook::{Failure, Hook, RequestPlan, Timestamp};

use super::call::{Manner, Ready, check_secrets, deadline_of, format_of, state, target, warn};
use super::pages::check_kept;
use super::session::{Session, Way};
use super::stage::Stage;
use super::{Context, curl, plan};
use crate::args::{POLL_DEADLINE, Poll as Args, ResultArgs};
use crate::conditions::{self, Rule};
use crate::drive::{Beside, drive, unkept};
use crate::exit::Problem;
use crate::jq::Jq;
use crate::output::lacks;
use crate::screen;
use crate::settings::Limit;
use crate::state::{State, What};

const MANNER: Manner = Manner { follows: false, holds_body: true, decodes: true };

/// Asks from the first time on.
pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Problem> {
    let call = &args.call;
    if call.dry_run {
        return plan::show(call, &[], MANNER, &[], context);
    }
    let settings = &context.settings;
    if matches!(call.limits.deadline, Some(Limit(None))) {
        return Err(Problem::usage("--deadline none: a poll has to end")
            .with_hint(format!("without --deadline it takes {} at most", time(POLL_DEADLINE))));
    }
    let deadline = deadline_of(&call.limits, settings)?.unwrap_or(POLL_DEADLINE);
    let (polling, lenient) = polling(args, deadline)?;
    check_kept(call)?;
    let Ready { found, hook, mut planned, seed, cookies, endpoint } =
        Ready::in_manner(call, settings, MANNER)?;
    if lenient {
        planned.plan = planned.plan.check_response(false);
    }
    let way = Way::new(&context.tape)?.hiding(&hook);
    let hook = hook.for_client(way.transport().capabilities());
    if call.curl {
        return curl::run(
            &hook,
            &planned,
            call,
            &endpoint,
            ("what is asked after the first answer", &context.settings),
        );
    }
    let format = format_of(&call.result, settings)?;
    check_secrets(call.result.show_secrets)?;
    warn(&found, &hook, format, context);
    // What was waited for has come, whatever its status.
    let mut result = ResultArgs { no_fail: true, ..call.result.clone() };
    result.rules = rules(args, lenient)?;
    result.fails_at_once = args.not_yet.is_none() && !args.operation;
    let goes_to = target(&call.result, &endpoint)?;
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: Some(planned.method),
        source: None,
        deadline: Some(deadline),
        result: &result,
        format,
        explained: hook.explain(&planned.plan).ok(),
        state: state(call, What::Poll, found.again.as_deref(), &goes_to)?,
        target: goes_to,
        cookies: cookies.as_ref(),
        jq: Jq::given(&call.result)?,
        tries_head: false,
    };
    let begin = Begin::New(Box::new((planned.plan, polling, seed)));
    let places = conditions::places(&args.until).collect::<Vec<_>>();
    ask(&session, &hook, &way, begin, &places, context)
}

/// Goes on with a poll that was kept.
pub(super) fn resume(
    session: &Session<'_>,
    hook: &Hook,
    way: &Way,
    state: &State,
    context: &Context,
) -> Result<u8, Problem> {
    let begin = Begin::Kept(&state.call);
    ask(session, hook, way, begin, &[], context)
}

/// What ends a poll as failed, one by one.
fn rules(args: &Args, lenient: bool) -> Result<Vec<Rule>, Problem> {
    let mut rules = conditions::rules(&args.fail_if, "--fail-if", true)?;
    if lenient {
        let failures = Condition::Status { statuses: vec![300..=999] };
        let says = "no status that --until or --not-yet names: the answer";
        rules.push(Rule::forbids(failures, says));
    }
    Ok(rules)
}

/// What is waited for, and whether any status may come.
fn polling(args: &Args, deadline: Duration) -> Result<(Polling, bool), Problem> {
    if args.until.is_empty() && !args.operation {
        return Err(Problem::usage("what is waited for? --until CONDITION, or --operation")
            .with_hint("--until /state=done, say; `http-hook poll --help` has all kinds"));
    }
    let until = conditions::any(&args.until, "--until")?;
    let mut fail_if = conditions::any(&args.fail_if, "--fail-if")?;
    let not_yet = match &args.not_yet {
        None => Vec::new(),
        Some(list) => conditions::statuses(list, "--not-yet")?,
    };
    let lenient = conditions::names_failures(&until) || conditions::names_failures(&fail_if);
    if lenient {
        // Any status comes through then: those that nobody named are failures as ever.
        let named = until.clone() | Condition::Status { statuses: not_yet.clone() };
        let failures = Condition::Status { statuses: vec![300..=999] };
        fail_if = fail_if | (failures & !named);
    }
    let begins: Vec<String> =
        not_yet.into_iter().flatten().map(|status| status.to_string()).collect();
    let begins: Vec<&str> = begins.iter().map(String::as_str).collect();
    let mut polling = if args.operation {
        let operation = Polling::operation(deadline);
        if args.until.is_empty() { operation } else { operation.satisfied_by(until) }
    } else {
        Polling::sensor(&begins, deadline).satisfied_by(until)
    };
    if args.operation && !begins.is_empty() {
        return Err(Problem::usage("--not-yet: an operation says itself that it is not over"));
    }
    let usual = Duration::from_secs(if args.operation { 1 } else { 10 });
    let every = match args.every {
        Some(Limit(None)) => return Err(Problem::usage("--every none: a poll has to wait")),
        Some(Limit(Some(every))) => every,
        None => usual,
    };
    polling = match args.every_max {
        None => polling.every(every),
        Some(Limit(max)) => polling.wait(Wait::Exponential {
            multiplier: every.into(),
            exp_base: 2.0,
            min: every.into(),
            max: max.unwrap_or(deadline).into(),
        }),
    };
    Ok((polling.fail_if(fail_if).failures(args.failures), lenient))
}

/// A transport is asked as ever; the clock knows that a wait is one between two polls.
struct Between<'a> {
    stage: &'a Stage,
    calling: &'a AtomicBool,
    polls: AtomicU32,
    began: Timestamp,
    deadline: Option<Duration>,
}

impl Clock for Between<'_> {
    fn now(&self) -> Timestamp {
        self.stage.now()
    }

    fn sleep(&self, wait: Duration) {
        if !self.calling.load(Ordering::Relaxed) {
            let polls = self.polls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            let polls = screen::count(polls, "poll", "polls");
            let passed = screen::seconds(self.now().since(self.began));
            let of = self.deadline.map(|all| format!(" of {}", time(all))).unwrap_or_default();
            self.stage.timeline.between(wait, &format!("not yet: {polls} in {passed}{of}"));
        }
        self.stage.sleep(wait);
    }
}

/// What a poll begins with.
enum Begin<'a> {
    New(Box<(RequestPlan, Polling, u64)>),
    /// What was kept.
    Kept(&'a str),
}

fn ask(
    session: &Session<'_>,
    hook: &Hook,
    way: &Way,
    begin: Begin<'_>,
    places: &[&str],
    context: &Context,
) -> Result<u8, Problem> {
    let stage = session.stage(context);
    // Whether the wait under way is one of a call: a retry.
    let calling = AtomicBool::new(false);
    let observer = |event: &Event<'_>| {
        calling.store(matches!(event, Event::Wait { .. }), Ordering::Relaxed);
        stage.event(event);
    };
    let start = stage.now();
    let poll = match begin {
        Begin::New(new) => {
            let (plan, polling, seed) = *new;
            Poll::new(hook, plan, polling, seed, start)
        }
        Begin::Kept(text) => Poll::resume(hook, text, start)
            .map_err(|error| Problem::usage(format!("the poll that was kept: {error}")))?,
    };
    let mut poll = poll.observer(&observer);
    let mut beside: Beside<'_> = session.beside(hook, context);
    beside.keep(&poll).map_err(|error| unkept(&error, session.state.as_ref()))?;
    let transport: &dyn Transport = way.transport();
    let clock = Between {
        stage: &stage,
        calling: &calling,
        polls: AtomicU32::new(0),
        began: start,
        deadline: session.deadline,
    };
    let answer = drive(&mut poll, hook, transport, &clock, &mut beside)?;
    session.over();
    let last = answer.as_ref().err().and_then(Failure::body);
    let lacking = last.and_then(|body| places.iter().find(|place| lacks(body, place)));
    let answer = answer.map(|response| response.map(Body::from));
    let code = session.end(answer, &beside, &stage, way, context)?;
    if let Some(place) = lacking.filter(|_| session.warns(context)) {
        screen::warning(&format!("what came last has nothing at {place}, which --until names"));
    }
    Ok(code)
}

fn time(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}
