//! `http-hook fetch`: a download that goes on where it broke off.
//!
//! [`part`] decides by what [`head`] reads, [`kept`] has the files, [`digest`] compares, [`asked`](asked::asked) tells one download
//! from another, and here is what asks, reads and waits.

mod asked;
mod breaks;
mod digest;
mod head;
mod kept;
mod part;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use http::Response;
use http_hook::blocking::{Body, Clock as _};
use http_hook::observe::Event;
use http_hook::{
    Call, Failure, Hook, RequestPlan, Run, Sent, TransportError, TransportErrorKind as Kind,
};

use super::call::{Manner, Ready, check_secrets, deadline_of, format_of, target, warn};
use super::session::{Session, Way};
use super::stage::Stage;
use super::{Context, curl, plan};
use crate::args::{CallArgs, Fetch as Args, Format};
use crate::cookies;
use crate::drive::{Beside, drive};
use crate::exit::Problem;
use crate::live::signals::GoOn;
use crate::output::{self, Content, Target, to_stdout};
use crate::screen;
use asked::asked;
use breaks::Breaks;
use digest::Wanted;
use kept::Kept;
use part::{Answer, Ask, Ended, Part};

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

const MANNER: Manner = Manner { follows: true, holds_body: true, decodes: false };

/// Downloads a file.
pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Problem> {
    let call = &args.call;
    if call.dry_run {
        return plan::show(call, &[], MANNER, &[], context);
    }
    check(call)?;
    let settings = &context.settings;
    let Ready { found, hook, mut planned, seed, cookies, endpoint } =
        Ready::in_manner(call, settings, MANNER)?;
    if planned.method != http::Method::GET {
        return Err(Problem::usage(
            "what is fetched is asked for by GET: no other method, no body",
        ));
    }
    // A part is of the bytes as they come: a coding would make others of them.
    planned.plan = planned.plan.header("accept-encoding", "identity");
    let way = Way::new(&context.tape)?.hiding(&hook);
    let hook = hook.for_client(way.transport().capabilities());
    if call.curl {
        return curl::run(
            &hook,
            &planned,
            call,
            &endpoint,
            ("going on where it breaks off", &context.settings),
        );
    }
    let Target::File(place) = target(&call.result, &endpoint)? else {
        return Err(Problem::usage("what is fetched goes to a file: -o FILE, or -O"));
    };
    let wanted = Wanted::all(args, &place)?;
    let format = format_of(&call.result, settings)?;
    check_secrets(call.result.show_secrets)?;
    warn(&found, &hook, format, context);
    let session = Session {
        name: &found.name,
        origin: &found.origin,
        method: Some(planned.method),
        source: None,
        deadline: deadline_of(&call.limits, settings)?,
        result: &call.result,
        format,
        target: Target::File(place.clone()),
        explained: hook.explain(&planned.plan).ok(),
        state: None,
        cookies: cookies.as_ref(),
        jq: None,
        tries_head: false,
    };
    let asked = asked(&found, &hook, &planned.plan, call);
    let (kept, part) = Kept::open(&place, asked, args.restart)?;
    let go_on = GoOn { kept: kept.noted().to_owned(), how: "the same command".to_owned() };
    let stage = Stage::new(session.from(), session.deadline, format, Some(go_on), context);
    if part.have() > 0 {
        let there = screen::bytes(part.have());
        stage.note(&format!("{there} are there from before; it goes on behind them"));
    }
    let breaks = Breaks::new(call, &hook, context, seed)?;
    let beside = Beside {
        ends: session.deadline.map(|deadline| stage.now().after(deadline)),
        ..session.beside(&hook, context)
    };
    let fetching = Fetching {
        session: &session,
        hook: &hook,
        way: &way,
        plan: planned.plan,
        seed,
        stage: &stage,
        context,
        wanted,
        place,
    };
    fetching.run(kept, part, breaks, beside)
}

/// Options that have no meaning here are not passed over.
fn check(call: &CallArgs) -> Result<(), Problem> {
    let result = &call.result;
    let wrong = [
        (
            call.save_state.is_some(),
            "--save-state: what is there of a file is kept beside it anyway",
        ),
        (call.request.compressed, "--compressed: a part of a file is of its bytes as they are"),
        (!call.checks.is_empty(), "--check reads a body that is in memory; --sha256 checks a file"),
        (result.jq.is_some(), "--jq reads a body that is in memory; `call` has it"),
        (
            result.include || result.print.is_some(),
            "what is fetched goes to a file; -vv tells the heads",
        ),
        (result.no_fail, "--no-fail: the body of a failure is no file"),
        (call.request.head, "-I: there is nothing to fetch"),
    ];
    let own = ["range", "if-range", "accept-encoding"];
    let header =
        |word: &String| word.split_once(':').map(|(name, _)| name.trim().to_ascii_lowercase());
    let mut given = call.request.headers.iter().chain(&call.words).filter_map(header);
    if let Some(name) = given.find(|name| own.contains(&name.as_str())) {
        return Err(Problem::usage(format!("{name}: fetch says itself which part it asks for")));
    }
    match wrong.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, why)) => Err(Problem::usage(why)),
        None => Ok(()),
    }
}

/// A file on its way.
struct Fetching<'a> {
    session: &'a Session<'a>,
    hook: &'a Hook,
    way: &'a Way,
    plan: RequestPlan,
    seed: u64,
    stage: &'a Stage,
    context: &'a Context,
    wanted: Vec<Wanted>,
    place: PathBuf,
}

/// How one request ended.
enum Leg {
    Whole,
    /// The next request is due at once.
    More,
    /// It broke off.
    Broken(TransportError),
    /// What is there is of no use.
    Anew(&'static str),
    /// The call failed.
    Failed(Failure),
}

impl Fetching<'_> {
    fn run(
        &self,
        mut kept: Kept,
        mut part: Part,
        mut breaks: Breaks,
        mut beside: Beside<'_>,
    ) -> Result<u8, Problem> {
        let mut anew = false;
        loop {
            let leg = self.leg(&mut kept, &mut part, &mut beside);
            let leg = match leg {
                Ok(leg) => leg,
                Err(problem) => return Err(self.left(kept, &part, problem)),
            };
            let wait = match leg {
                Leg::Whole => return self.whole(kept, &part),
                Leg::More => {
                    breaks.begin();
                    continue;
                }
                Leg::Failed(failure) => {
                    let _ = self.left(kept, &part, Problem::late());
                    return self.session.end(
                        Err(failure),
                        &beside,
                        self.stage,
                        self.way,
                        self.context,
                    );
                }
                Leg::Anew(why) => {
                    part.forget();
                    kept.begin()?;
                    self.stage.note(&format!("it begins anew: {why}"));
                    // Once is the server's right; a file that is another one each time is not to be had.
                    if !std::mem::replace(&mut anew, true) {
                        continue;
                    }
                    breaks.after(0, Kind::Interrupted, self.stage.now())
                }
                Leg::Broken(error) => {
                    kept.keep(&part)?;
                    let wait = breaks.after(part.have(), error.kind(), self.stage.now());
                    let Some(wait) = wait else {
                        let problem = broken(&error, part.have());
                        return Err(self.left(kept, &part, problem));
                    };
                    let how = if part.goes_on() { "goes on there" } else { "begins anew" };
                    let there = screen::bytes(part.have());
                    self.stage.note(&format!("it broke off after {there} ({error}) and {how}"));
                    Some(wait)
                }
            };
            let Some(wait) = wait else {
                let problem =
                    Problem::protocol("the file is another one each time it is asked for");
                return Err(self.left(kept, &part, problem));
            };
            if beside.ends.is_some_and(|ends| wait >= ends.since(self.stage.now())) {
                return Err(self.left(kept, &part, Problem::late()));
            }
            self.stage.timeline.between(wait, "the download broke off");
            self.stage.sleep(wait);
        }
    }

    /// Asks once, and takes what comes.
    fn leg(
        &self,
        kept: &mut Kept,
        part: &mut Part,
        beside: &mut Beside<'_>,
    ) -> Result<Leg, Problem> {
        let mut plan = self.plan.clone();
        match part.ask() {
            Ask::Nothing => return Ok(Leg::Whole),
            Ask::Whole => {
                kept.begin()?;
                self.stage.bars.partial(kept.paths());
            }
            Ask::Rest { range, if_range } => {
                plan = plan.header("range", &range).header("if-range", &if_range);
            }
        }
        let observer = |event: &Event<'_>| self.stage.event(event);
        let now = self.stage.now();
        let mut run = Run::stream(self.hook, Call::new(self.hook, plan, self.seed, now));
        run = run.observer(&observer);
        let answer = drive(&mut run, self.hook, self.way.transport(), self.stage, beside)?;
        let (response, failure) = match answer {
            Ok(response) => (Some(response), None),
            Err(failure) => (None, Some(failure)),
        };
        // Of the URL a digest, since it may hold secrets.
        let at = beside.last_uri.as_ref().map(|uri| digest::of_text(&uri.to_string()));
        let at = at.unwrap_or_default();
        let head = match (&response, failure.as_ref().and_then(Failure::response)) {
            (Some(response), _) => part.head(response.status(), response.headers(), &at),
            (None, Some(response)) if response.status() == 416 => {
                part.head(response.status(), response.headers(), &at)
            }
            (None, _) => Answer::Refuse(String::new()),
        };
        match (head, response, failure) {
            (Answer::Complete, ..) | (Answer::Begin | Answer::Append, None, None) => Ok(Leg::Whole),
            (Answer::Anew(why), ..) => Ok(Leg::Anew(why)),
            (Answer::Begin, Some(response), _) => {
                kept.begin()?;
                self.body(response, kept, part, beside)
            }
            (Answer::Append, Some(response), _) => self.body(response, kept, part, beside),
            (Answer::Refuse(why), ..) if !why.is_empty() => Err(refused(&why)),
            (_, _, Some(failure)) => Ok(Leg::Failed(failure)),
            (Answer::Refuse(why), ..) => Err(refused(&why)),
        }
    }

    /// Reads a body to its end.
    fn body(
        &self,
        response: Response<Body>,
        kept: &mut Kept,
        part: &mut Part,
        beside: &Beside<'_>,
    ) -> Result<Leg, Problem> {
        // What could not go on is taken away by an interrupt.
        let lost = if part.known().validator.is_none() { kept.paths() } else { Vec::new() };
        self.stage.bars.partial(lost);
        let mut meter = self.stage.bars.meter("down", part.known().total).beginning(part.have());
        let mut body = response.into_body();
        let mut buffer = vec![0; PIECE];
        let broken = loop {
            match io::Read::read(&mut body, &mut buffer) {
                Ok(0) => break None,
                Ok(count) => {
                    part.fits(count as u64).map_err(|why| refused(&why))?;
                    kept.write(&buffer[..count])?;
                    // Counted is what is there, not what could not be written.
                    part.piece(count as u64);
                    kept.keep_at_times(part)?;
                    meter.add(count);
                    if beside.ends.is_some_and(|ends| ends <= self.stage.now()) {
                        return Err(Problem::late());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(TransportError::from_body_io(error)),
            }
        };
        drop(meter);
        self.stage.bars.partial(Vec::new());
        Ok(match (part.ended(broken.is_some()), broken) {
            (Ended::Whole, _) => Leg::Whole,
            (Ended::More, _) => Leg::More,
            (Ended::Broken, Some(error)) => Leg::Broken(error),
            (Ended::Broken, None) => Leg::Broken(TransportError::new(Kind::Body, Sent::Yes)),
        })
    }

    /// Compares what came with what was wanted, and puts it in its place.
    fn whole(&self, mut kept: Kept, part: &Part) -> Result<u8, Problem> {
        let session = self.session;
        self.stage.bars.clear();
        if let Err(problem) = Wanted::check(&self.wanted, &mut kept) {
            kept.give_up();
            return Err(problem);
        }
        kept.done()?;
        let cookies = cookies::keep(session.cookies, self.stage.now());
        self.way.end(&self.context.tape)?;
        if session.format == Format::Json {
            let place = self.place.to_string_lossy();
            let content = Content::File(&place, part.have());
            let (told, headers) = (self.stage.timeline.told(), serde_json::json!({}));
            to_stdout(
                output::envelope(session.name, &told, 200, &headers, &content, 0).as_bytes(),
            )?;
        }
        let (place, len) = (self.place.display(), screen::bytes(part.have()));
        self.stage.note(&format!("{place} is there, {len}"));
        cookies.map(|()| 0)
    }

    /// Leaves what is of use to another run, and says so.
    fn left(&self, mut kept: Kept, part: &Part, problem: Problem) -> Problem {
        self.stage.bars.clear();
        self.stage.bars.partial(Vec::new());
        let _ = cookies::keep(self.session.cookies, self.stage.now());
        if !part.goes_on() {
            kept.give_up();
            return problem;
        }
        if kept.keep(part).is_err() {
            // On a full disk what was written down before still holds.
            if !kept.goes_on() {
                kept.give_up();
                return problem;
            }
            return problem.with_hint("the same command goes on; --restart begins anew");
        }
        let there = screen::bytes(part.have());
        problem.with_hint(format!("the same command goes on after {there}; --restart begins anew"))
    }
}

fn refused(why: &str) -> Problem {
    Problem::protocol(format!("the answer is of no use: {why}"))
}

fn broken(error: &TransportError, have: u64) -> Problem {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    let there = screen::bytes(have);
    let message = format!("the body broke off after {there}: {error}{}", cause.unwrap_or_default());
    Problem::broken(error.kind(), message)
}
