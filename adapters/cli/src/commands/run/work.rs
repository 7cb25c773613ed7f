//! The calls under way: each thread has one, and takes the next when it waits or has ended.
//!
//! ```text
//! line ──▶ Run ──▶ send ──▶ done ──▶ result
//!           ▲        │
//!           └─ due ──┘ waits, and keeps no thread
//! ```

use std::cmp::{Ordering as Order, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use http_hook::blocking::{Body, Clock as _, Transport};
use http_hook::response::Outcome;
use http_hook::{Act, Call, Failure, Hook, RequestPlan, Run, Timestamp, WaitReason};
use http_hook_clock::SystemClock;

use super::keep::{Keep, Known, Slot};
use super::lines::{Line, Lines, Taken, default_id, is_default_id};
use super::results::{Results, Verdict, mark};
use super::template::Template;
use crate::exit::Problem;

/// How many calls may wait at once; while there are more, no further line is read.
const WAITING: usize = 4_096;
/// How long a thread waits that has nothing to read because another one is reading.
const MOMENT: Duration = Duration::from_millis(1);

/// What all threads share.
pub(crate) struct Pool {
    pub(crate) hook: Hook,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) clock: SystemClock,
    pub(crate) template: Template,
    /// What holds for every call.
    pub(crate) common: Common,
    pub(crate) seed: u64,
    pub(crate) max_body: usize,
    pub(crate) keep: Keep,
    pub(crate) results: Arc<Results>,
    pub(crate) lines: Mutex<Lines>,
    pub(crate) state: Mutex<State>,
    /// A call waits, or has ended.
    pub(crate) changed: Condvar,
    /// A thread has ended.
    pub(crate) ended: Condvar,
    /// Whether nothing more is begun.
    pub(crate) stopped: AtomicBool,
    pub(crate) problem: Mutex<Option<Problem>>,
}

/// What a line is made into.
struct Made {
    id: String,
    plan: Result<RequestPlan, String>,
    /// The other line that has the id; 0 if no line but one may have it.
    owner: Option<u64>,
}

/// What makes a plan of its line a plan of the run.
pub(crate) type Common = Box<dyn Fn(RequestPlan) -> RequestPlan + Send + Sync>;

#[derive(Default)]
pub(crate) struct State {
    waiting: BinaryHeap<Reverse<Parked>>,
    serial: u64,
    /// How many threads have a call, or wait for a line.
    pub(crate) busy: usize,
    /// Whether every line was read.
    over: bool,
    /// How many threads have not ended.
    pub(crate) threads: usize,
}

/// A call under way.
pub(crate) struct Task {
    run: Run<'static, Body>,
    slot: Slot,
    /// Whether nothing was sent of it yet.
    is_fresh: bool,
}

struct Parked {
    due: Timestamp,
    serial: u64,
    task: Box<Task>,
}

impl PartialEq for Parked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Order::Equal
    }
}

impl Eq for Parked {}

impl PartialOrd for Parked {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Parked {
    fn cmp(&self, other: &Self) -> Order {
        (self.due, self.serial).cmp(&(other.due, other.serial))
    }
}

impl State {
    /// Before so many threads begin.
    pub(crate) fn of(threads: usize) -> Self {
        Self { threads, ..Self::default() }
    }

    /// Counts the calls that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn park(&mut self, due: Timestamp, task: Box<Task>) {
        self.serial += 1;
        self.waiting.push(Reverse(Parked { due, serial: self.serial, task }));
    }
}

impl Pool {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call up that was kept.
    pub(crate) fn take_up(&self, slot: Slot, call: Call) {
        let due = call.due();
        let run = Run::new(&self.hook, call);
        self.lock().park(due, Box::new(Task { run, slot, is_fresh: false }));
    }

    /// Begins nothing more.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire) || self.results.is_closed()
    }

    fn fail(&self, problem: Problem) {
        let mut own = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        own.get_or_insert(problem);
        drop(own);
        self.stop();
    }

    /// What a thread does until everything is done.
    pub(crate) fn work(&self) {
        let mut line = Line::default();
        while let Some(task) = self.next(&mut line) {
            self.drive(task);
            self.lock().busy -= 1;
        }
        self.lock().threads -= 1;
        self.changed.notify_all();
        self.ended.notify_all();
    }

    /// Returns a call that is due, or one of the next line.
    fn next(&self, line: &mut Line) -> Option<Box<Task>> {
        loop {
            let mut state = self.lock();
            if self.is_stopped() {
                return None;
            }
            let now = self.clock.now();
            let wait = state.waiting.peek().map(|first| first.0.due.since(now));
            if wait.is_some_and(|wait| wait.is_zero()) {
                state.busy += 1;
                return state.waiting.pop().map(|first| first.0.task);
            }
            if state.over && state.waiting.is_empty() && state.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            if state.over || state.waiting.len() >= WAITING {
                self.pause(state, wait);
                continue;
            }
            let waits = !state.waiting.is_empty();
            drop(state);
            let lines = match self.lines.try_lock() {
                Ok(lines) => lines,
                Err(TryLockError::Poisoned(lines)) => lines.into_inner(),
                Err(TryLockError::WouldBlock) if waits => {
                    self.pause(self.lock(), Some(MOMENT));
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    self.lines.lock().unwrap_or_else(PoisonError::into_inner)
                }
            };
            if let Some(task) = self.of_line(lines, line) {
                return Some(task);
            }
        }
    }

    fn pause(&self, state: MutexGuard<'_, State>, wait: Option<Duration>) {
        let wait = wait.unwrap_or(Duration::MAX).min(Duration::from_secs(60));
        drop(self.changed.wait_timeout(state, wait).map_err(|_| ()));
    }

    /// Makes a call of the next line, unless there is none, or it is no call, or it was made before.
    fn of_line(&self, mut lines: MutexGuard<'_, Lines>, line: &mut Line) -> Option<Box<Task>> {
        let read = lines.next(line);
        let mut state = self.lock();
        match read {
            Ok(true) if self.is_stopped() => {
                return None;
            }
            Ok(true) => state.busy += 1,
            Ok(false) => {
                state.over = true;
                self.changed.notify_all();
                return None;
            }
            Err(problem) => {
                state.over = true;
                drop(state);
                self.fail(problem);
                return None;
            }
        }
        drop(state);
        // In the order of the file: of two lines with one id the first one has it.
        let made = self.made(&mut lines.taken, line);
        drop(lines);
        let task = self.call(line, made);
        if task.is_none() {
            self.lock().busy -= 1;
            self.changed.notify_all();
        }
        task
    }

    fn made(&self, taken: &mut Taken, line: &Line) -> Made {
        let own = default_id(line.number);
        let (id, plan) = match &line.wrong {
            Some(wrong) => (None, Err(wrong.clone())),
            None => self.template.call(line),
        };
        let Some(id) = id.filter(|id| *id != own) else {
            return Made { id: own, plan, owner: None };
        };
        if is_default_id(&id) {
            let plan =
                Err("an id like this one is that of another line, which says none".to_owned());
            return Made { id, plan, owner: Some(0) };
        }
        let owner = taken.take(&id, line.number);
        Made { id, plan, owner }
    }

    fn call(&self, line: &Line, made: Made) -> Option<Box<Task>> {
        let Made { id, mut plan, owner } = made;
        let slot = Slot::new(id, line.number, line.digest());
        let known = match owner {
            Some(0) => Ok(Known::No),
            Some(owner) => Ok(Known::Other(owner)),
            None => self.keep.knows(&slot),
        };
        match known {
            Ok(Known::No) => {}
            Ok(Known::Yes) => return None,
            Ok(Known::Other(owner)) => plan = Err(format!("the id is taken by line {owner}")),
            Err(problem) => {
                self.fail(problem);
                return None;
            }
        }
        let plan = plan.and_then(|plan| {
            let plan = (self.common)(plan);
            plan.check().map_err(ToString::to_string)?;
            Ok(plan)
        });
        match plan {
            Ok(plan) => {
                let seed = mix(self.seed, line.number);
                let call = Call::new(&self.hook, plan, seed, self.clock.now());
                let run = Run::new(&self.hook, call);
                Some(Box::new(Task { run, slot, is_fresh: true }))
            }
            Err(error) => {
                let error = serde_json::to_string(&error).unwrap_or_default();
                let name = (slot.id.as_str(), slot.line);
                self.results.put(name, Verdict::Invalid, None, ("error", &error));
                None
            }
        }
    }

    /// Drives a call until it waits or has ended.
    fn drive(&self, mut task: Box<Task>) {
        let mut act = task.run.woke(self.clock.now());
        loop {
            act = match act {
                Act::Send(request, options) => {
                    let Task { run, slot, is_fresh } = &mut *task;
                    let is_first = std::mem::take(is_fresh);
                    if !run.repeatable() {
                        slot.risky = true;
                        if let Err(problem) = self.keep.sending(slot, is_first, || run.store()) {
                            return self.fail(problem);
                        }
                    }
                    let answer = self.transport.send(request, &options);
                    task.run.sent(answer, || self.clock.now())
                }
                Act::Read(body, limit) => {
                    let body = body.read_up_to(limit);
                    task.run.read(body, self.clock.now())
                }
                Act::Sleep(wait) => match task.run.wait_reason() {
                    None => task.run.woke(self.clock.now()),
                    Some(WaitReason::Backoff | WaitReason::Hint) => return self.park(task, wait),
                    // It has its turn at a gate: whoever comes later waits behind it.
                    Some(_) => {
                        if !self.sleep(wait) {
                            return;
                        }
                        task.run.woke(self.clock.now())
                    }
                },
                Act::Done(result) => return self.done(task.slot, &result),
            };
        }
    }

    fn park(&self, mut task: Box<Task>, wait: Duration) {
        let due = self.clock.now().after(wait);
        let Task { run, slot, .. } = &mut *task;
        let millis = due.since(Timestamp::default()).as_millis();
        if let Err(problem) = self.keep.waiting(slot, || run.store(), millis) {
            return self.fail(problem);
        }
        self.lock().park(due, task);
        self.changed.notify_all();
    }

    /// Sleeps; `false`: the run is to end.
    fn sleep(&self, wait: Duration) -> bool {
        let until = self.clock.now().after(wait);
        loop {
            let state = self.lock();
            if self.is_stopped() {
                return false;
            }
            let left = until.since(self.clock.now());
            if left.is_zero() {
                return true;
            }
            self.pause(state, Some(left));
        }
    }

    fn done(&self, slot: Slot, result: &Result<http::Response<bytes::Bytes>, Failure>) {
        let outcome = Outcome::of(result, self.max_body);
        let (verdict, status) = (Verdict::of(&outcome, slot.risky), outcome.status());
        let text = serde_json::to_string(&outcome).unwrap_or_default();
        if let Some((slot, text)) = self.keep.done(slot, text, mark(verdict, status)) {
            self.results.put((&slot.id, slot.line), verdict, status, ("outcome", &text));
        }
        if self.results.is_closed() {
            self.stop();
        }
    }
}

/// The seed of the call of a line: the same whenever the run is gone on with, and so is a key made of it.
fn mix(seed: u64, line: u64) -> u64 {
    let mut mixed = seed.wrapping_add(line.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
