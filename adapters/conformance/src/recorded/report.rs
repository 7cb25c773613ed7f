//! What is printed: a line a category, and a line a failing case.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::recorded::case::Case;
use crate::recorded::deviations::Deviations;
use crate::recorded::rules::covers;

/// How one case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As recorded.
    Passed,
    /// Otherwise than recorded.
    Differs {
        /// What was recorded, where it differs.
        expected: String,
        /// What the library did instead.
        got: String,
    },
    /// Not run, because this runner cannot.
    Skipped,
}

impl Verdict {
    /// Makes a difference, cut to a readable length.
    pub fn differs(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Differs { expected: short(expected.into()), got: short(got.into()) }
    }
}

fn short(text: String) -> String {
    match text.char_indices().nth(240) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Counts and failures over several categories.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<String>,
    failed: bool,
}

impl Report {
    /// Adds the line of a category.
    pub fn category(&mut self, file: &str, name: &str, counts: [usize; 4]) {
        let [passed, deviate, failed, skipped] = counts;
        let cases: usize = counts.iter().sum();
        self.lines.push(format!(
            "recorded {file} {name}: {cases} cases, {passed} passed, {deviate} deviate, {failed} failed, {skipped} skipped"
        ));
        self.failed |= failed > 0;
    }

    /// Adds the line of a failing case.
    pub fn failure(&mut self, file: &str, id: &str, expected: &str, got: &str) {
        let one_line = |text: &str| text.replace(['\n', '\r'], " ");
        let (expected, got) = (one_line(expected), one_line(got));
        self.lines.push(format!("failed {file} {id}: expected {expected}, got {got}"));
        self.failed = true;
    }

    /// Fails for entries of the list that name no recorded case at all.
    pub fn check_ids(&mut self, list: &Deviations, known: &BTreeSet<(String, String)>) {
        for (file, id) in list.ids() {
            if !known.contains(&(file.to_owned(), id.to_owned())) {
                self.failure(
                    file,
                    id,
                    "a recorded case",
                    "an unknown id in the list of deviations",
                );
            }
        }
    }

    /// Prints all lines and gives the exit code: a failure if any case failed.
    #[must_use]
    pub fn finish(&self) -> ExitCode {
        let mut out = io::stdout().lock();
        for line in &self.lines {
            // A closed pipe takes nothing away from the exit code.
            let _ = writeln!(out, "{line}");
        }
        ExitCode::from(u8::from(self.failed))
    }
}

/// Runs all cases of the categories with `one`, and adds their lines to `report`.
///
/// A case that differs counts as a deviation if the list names it and its rule covers it. In foreign data,
/// whose ids the list cannot know, a rule that covers it is enough. An entry of the list that no longer
/// differs fails. A panic is a failure.
pub fn run(
    report: &mut Report,
    file: &str,
    cases: &[Case],
    list: &Deviations,
    foreign: bool,
    categories: &[&str],
    mut one: impl FnMut(&Case) -> Verdict,
) {
    for category in categories {
        let mut counts = [0; 4];
        let mut failures = Vec::new();
        for case in cases.iter().filter(|case| case.category == *category) {
            let listed = list.rule(file, &case.id);
            let verdict = catch_unwind(AssertUnwindSafe(|| one(case)))
                .unwrap_or_else(|_| Verdict::differs("no panic", "a panic"));
            let (slot, mut failure) = judge(case, listed, foreign, verdict);
            let differs = list.differs(file, &case.id);
            if slot == 1 && !differs.is_empty() {
                let rest = Case { differs: differs.to_vec(), ..case.clone() };
                if let Verdict::Differs { expected, got } = one(&rest) {
                    let parts = differs.join(", ");
                    failure = Some((format!("{expected}, which is more than {parts}"), got));
                }
            }
            counts[if failure.is_some() { 2 } else { slot }] += 1;
            failures.extend(failure.map(|(expected, got)| (case.id.clone(), expected, got)));
        }
        if counts.iter().sum::<usize>() > 0 {
            report.category(file, category, counts);
        }
        for (id, expected, got) in failures {
            report.failure(file, &id, &expected, &got);
        }
    }
}

/// The counter of a verdict (passed, deviates, failed, skipped), and what to say of a failure.
fn judge(
    case: &Case,
    listed: Option<&str>,
    foreign: bool,
    verdict: Verdict,
) -> (usize, Option<(String, String)>) {
    match (verdict, listed) {
        (Verdict::Skipped, _) => (3, None),
        (Verdict::Passed, None) => (0, None),
        (Verdict::Passed, Some(rule)) => {
            (2, Some((format!("a deviation by {rule}"), "no difference: a stale entry".into())))
        }
        (Verdict::Differs { expected, got }, Some(rule))
            if !covers(rule, case, &expected, &got) =>
        {
            let expected = format!("{expected} or a deviation by {rule}");
            (2, Some((expected, format!("{got}, which the rule does not cover"))))
        }
        (Verdict::Differs { .. }, Some(_)) => (1, None),
        (Verdict::Differs { expected, got }, None)
            if foreign && covers("", case, &expected, &got) =>
        {
            (1, None)
        }
        (Verdict::Differs { expected, got }, None) => (2, Some((expected, got))),
    }
}
