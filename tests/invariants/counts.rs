//! What the scripts of a subject came by, so that a corpus which reaches nothing is seen.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::AddAssign;

/// What was come by, in one script or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) scripts: u64,
    /// Requests of any kind.
    pub(crate) sends: u64,
    /// Answers of a token endpoint, of any life.
    pub(crate) tokens: u64,
    /// Requests that carry a cookie which a server set.
    pub(crate) cookies: u64,
    /// Waits and ends that a gate caused, and retries that a budget was paid for.
    pub(crate) gates: u64,
    /// Responses that a policy was asked about with their body, and bodies of parts that were sent.
    pub(crate) bodies: u64,
    /// Redirects that were followed.
    pub(crate) redirects: u64,
    /// Challenges that were answered.
    pub(crate) challenges: u64,
    /// Calls that were stored and taken up.
    pub(crate) stored: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scripts += other.scripts;
        self.sends += other.sends;
        self.tokens += other.tokens;
        self.cookies += other.cookies;
        self.gates += other.gates;
        self.bodies += other.bodies;
        self.redirects += other.redirects;
        self.challenges += other.challenges;
        self.stored += other.stored;
    }
}

impl Counts {
    /// The averages of one script, each with its name.
    pub(crate) fn averages(&self) -> [(&'static str, f64); 8] {
        #[expect(clippy::cast_precision_loss, reason = "an average")]
        let of = |count: u64| count as f64 / self.scripts.max(1) as f64;
        [
            ("sends", of(self.sends)),
            ("tokens", of(self.tokens)),
            ("cookies", of(self.cookies)),
            ("gates", of(self.gates)),
            ("bodies", of(self.bodies)),
            ("redirects", of(self.redirects)),
            ("challenges", of(self.challenges)),
            ("stored", of(self.stored)),
        ]
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} scripts; each", self.scripts)?;
        for (index, (name, average)) in self.averages().into_iter().enumerate() {
            write!(f, "{} {average:.2} {name}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Says at the end of the thread what its scripts came by, if `HTTP_HOOK_FUZZ_COUNTS` is set.
struct Told(Cell<Counts>);

impl Drop for Told {
    fn drop(&mut self) {
        let counts = self.0.get();
        if counts.scripts > 0 && std::env::var_os("HTTP_HOOK_FUZZ_COUNTS").is_some() {
            eprintln!("counts: {counts}");
        }
    }
}

thread_local! {
    static ALL: Told = const { Told(Cell::new(Counts { scripts: 0, sends: 0, tokens: 0, cookies: 0, gates: 0, bodies: 0,
        redirects: 0, challenges: 0, stored: 0 })) };
    static ONE: RefCell<Counts> = const { RefCell::new(Counts { scripts: 0, sends: 0, tokens: 0, cookies: 0, gates: 0,
        bodies: 0, redirects: 0, challenges: 0, stored: 0 }) };
}

/// Notes something of the script that is run.
pub(crate) fn note(change: impl FnOnce(&mut Counts)) {
    ONE.with_borrow_mut(change);
}

/// Adds what one script came by, once however often it was run.
pub(crate) fn script() {
    let one = ONE.take();
    ALL.with(|all| {
        let mut sum = all.0.get();
        sum += Counts { scripts: 1, ..one };
        all.0.set(sum);
    });
}

/// Forgets what was noted: another run of the same script.
pub(crate) fn forget() {
    ONE.take();
}

/// What the scripts of this thread came by since it was asked last.
pub(crate) fn taken() -> Counts {
    ALL.with(|all| all.0.take())
}
