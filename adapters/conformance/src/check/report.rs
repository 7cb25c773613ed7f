//! What came of a run: a table, and whether it is clean.

use std::fmt;

/// A check that a transport cannot pass, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The name of the check.
    pub check: &'static str,
    /// What the client does instead, and why that cannot be mended. One that begins with "at times" is no failure where it passes.
    pub reason: &'static str,
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// As expected.
    Pass,
    /// Not as expected, for the reason that the transport's crate gives.
    Limit(&'static str),
    /// Not tried: the transport does not offer this, and the hook refuses a call that needs it.
    NotOffered,
    /// Not as expected.
    Fail(String),
}

impl Outcome {
    pub(super) fn judge(result: Result<(), String>, limit: Option<&Limit>) -> Self {
        match (result, limit) {
            (Ok(()), None) => Self::Pass,
            (Ok(()), Some(limit)) if limit.reason.starts_with("at times") => {
                Self::Limit(limit.reason)
            }
            (Ok(()), Some(_)) => Self::Fail("passes: the limit is no longer true".to_owned()),
            (Err(_), Some(limit)) => Self::Limit(limit.reason),
            (Err(why), None) => Self::Fail(why),
        }
    }
}

/// One line of a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The name of the check.
    pub name: &'static str,
    /// The row of the fault matrix, if it is one.
    pub fault: Option<u8>,
    /// What is expected.
    pub expected: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

impl Row {
    /// Gives the outcome as a table has it.
    pub(super) fn cell(&self) -> String {
        match &self.outcome {
            Outcome::Pass => "pass".to_owned(),
            Outcome::Limit(reason) => format!("limit: {reason}"),
            Outcome::NotOffered => "not offered".to_owned(),
            Outcome::Fail(why) => format!("FAIL: {why}"),
        }
    }
}

/// What came of a run.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    client: &'static str,
    rows: Vec<Row>,
}

impl Report {
    /// Puts a report together. A limit of a check that does not exist is a failure.
    pub(super) fn new(client: &'static str, mut rows: Vec<Row>, limits: &[Limit]) -> Self {
        for limit in limits {
            if !rows.iter().any(|row| row.name == limit.check) {
                let outcome = Outcome::Fail("there is no such check".to_owned());
                rows.push(Row { name: limit.check, fault: None, expected: "", outcome });
            }
        }
        Self { client, rows }
    }

    /// Names the client.
    #[must_use]
    pub fn client(&self) -> &'static str {
        self.client
    }

    /// Gives the rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Gives the rows that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Fail(_)))
    }

    /// Panics with the rows that failed, if any.
    ///
    /// # Panics
    ///
    /// If a check failed.
    pub fn assert_clean(&self) {
        let failures: Vec<String> = self.failures().map(|row| format!("{row}\n")).collect();
        assert!(failures.is_empty(), "{} fails:\n{}", self.client, failures.concat());
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = self.fault.map(|fault| fault.to_string()).unwrap_or_default();
        write!(f, "| {} | {fault} | {} | {} |", self.name, self.expected, self.cell())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| check | fault | expected | {} |\n| --- | --- | --- | --- |", self.client)?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
