//! What has to hold after a storm.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Kind, id};

/// How a call ended, as its engine tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With the answer that was asked for.
    Passed,
    /// Nobody knows whether the server acted: a POST was under way when its worker ended.
    Unknown,
    /// In another way, which no storm may lead to.
    Failed(String),
}

/// The figures of a storm, and everything that does not hold.
#[derive(Debug, Default)]
pub struct Report {
    /// How many calls there were.
    pub calls: usize,
    /// How many POSTs reached the server more than once.
    pub twice: usize,
    /// How many POSTs are unknown; of those the server saw the second.
    pub unknown: (usize, usize),
    /// How many GETs were sent more often than their server asked for.
    pub again: usize,
    /// What does not hold, by call.
    pub faults: Vec<String>,
}

impl Report {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, twice, unknown: (unknown, seen), again, faults } = self;
        write!(
            f,
            "{calls} calls: {twice} POSTs twice, {unknown} POSTs unknown (the server saw {seen}), {again} GETs sent again, {} faults",
            faults.len()
        )?;
        faults.iter().take(5).try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// Judges `calls` calls: `counts` is what the server saw, `ended` how each ended, once for each time that it did.
#[must_use]
pub fn judge(
    calls: usize,
    counts: &BTreeMap<String, u32>,
    ended: &BTreeMap<String, Vec<Ended>>,
) -> Report {
    let mut report = Report { calls, ..Report::default() };
    for number in 0..calls {
        let (id, kind) = (id(number), Kind::of(number));
        let count = counts.get(&id).copied().unwrap_or_default();
        let ends = ended.get(&id).map_or(&[][..], Vec::as_slice);
        let mut fault = |what: String| report.faults.push(format!("{id} ({kind:?}): {what}"));
        let [end] = ends else {
            fault(format!("{} outcomes: {ends:?}", ends.len()));
            continue;
        };
        let needed = if kind == Kind::Busy { 3 } else { 1 };
        match end {
            Ended::Failed(why) => fault(format!("ended otherwise: {why}")),
            Ended::Passed if count < needed => fault(format!("passed, and the server saw {count}")),
            Ended::Unknown if !kind.is_post() => fault("a GET is never unknown".to_owned()),
            Ended::Passed | Ended::Unknown if kind.is_post() && count > 1 => {
                fault(format!("the server saw it {count} times"));
            }
            Ended::Passed | Ended::Unknown => {}
        }
        report.twice += usize::from(kind.is_post() && count > 1);
        if *end == Ended::Unknown {
            report.unknown.0 += 1;
            report.unknown.1 += usize::from(count > 0);
        }
        report.again += usize::from(!kind.is_post() && count > needed);
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u32, ends: &[Ended], number: usize) -> bool {
        let mut counts: BTreeMap<String, u32> =
            (0..4).map(|number| (id(number), if number == 2 { 3 } else { 1 })).collect();
        let mut ended: BTreeMap<String, Vec<Ended>> =
            (0..4).map(|number| (id(number), vec![Ended::Passed])).collect();
        counts.insert(id(number), count);
        ended.insert(id(number), ends.to_vec());
        judge(4, &counts, &ended).holds()
    }

    #[test]
    fn what_does_not_hold_is_seen() {
        let rows = [
            // why                              number  count  ends                              holds
            ("as it should be", 0, 1, &[Ended::Passed][..], true),
            ("a POST twice", 0, 2, &[Ended::Passed][..], false),
            ("a POST twice, and unknown", 3, 2, &[Ended::Unknown][..], false),
            ("unknown, and not seen", 3, 0, &[Ended::Unknown][..], true),
            ("unknown, and seen", 3, 1, &[Ended::Unknown][..], true),
            ("passed, and not seen", 0, 0, &[Ended::Passed][..], false),
            ("lost", 0, 1, &[][..], false),
            ("two outcomes", 0, 1, &[Ended::Unknown, Ended::Passed][..], false),
            ("a GET again", 1, 2, &[Ended::Passed][..], true),
            ("a GET unknown", 1, 1, &[Ended::Unknown][..], false),
            ("a busy GET given up", 2, 2, &[Ended::Passed][..], false),
            ("another end", 1, 1, &[Ended::Failed("x".to_owned())][..], false),
        ];
        for (why, number, count, ends, holds) in rows {
            assert_eq!(of(count, ends, number), holds, "{why}");
        }
    }
}
