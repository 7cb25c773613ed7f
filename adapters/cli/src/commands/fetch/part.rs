//! Which part of a file is asked for, and what an answer says about it: decisions alone, no input and no output.
//!
//! ```text
//! ask ──▶ (request) ──▶ head ──▶ Begin, Append ──▶ piece, piece, … ──▶ ended ──▶ Whole, More, Broken
//!                                Complete, Anew, Refuse
//! ```
//!
//! A part is put to another only if both are of the same state of the file: by a strong entity tag, or a `Last-Modified` that is as good
//! as one ([RFC 9110 §13.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5)). Whatever says less begins anew. A validator
//! holds for one URL, and names one length: what comes from another URL is another file, and another length is an error.

use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::head::{Range, coding, is_multipart, length, range, strong_tag, text, validator};

/// What tells a state of the file from all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Validator {
    /// A strong entity tag, with its quotes.
    Etag(String),
    /// A `Last-Modified` as it was sent.
    Date(String),
}

impl Validator {
    /// Gives what `If-Range` is to be.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Etag(text) | Self::Date(text) => text,
        }
    }
}

/// What is known of the file whose beginning is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// Without one nothing is put to what is there.
    pub(crate) validator: Option<Validator>,
    /// How long the whole is.
    pub(crate) total: Option<u64>,
    /// A digest of the URL that it came from, after all redirects.
    #[serde(default)]
    pub(crate) at: String,
}

/// What is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The whole.
    Whole,
    /// What is behind the part that is there, if the file is still the same.
    Rest { range: String, if_range: String },
    /// Nothing: it is all there.
    Nothing,
}

/// What an answer is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The whole comes; what was there goes.
    Begin,
    /// What comes goes behind what is there.
    Append,
    /// All is there already.
    Complete,
    /// What is there is of no use: the whole is to be asked for.
    Anew(&'static str),
    /// The answer cannot be used, and says why.
    Refuse(String),
}

/// What there is once a body has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The file.
    Whole,
    /// A part, as long as the answer said it would be.
    More,
    /// A part, because the body broke off.
    Broken,
}

/// A file on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    known: Known,
    /// How many bytes are there.
    have: u64,
    /// Whether the answer under way was asked for a rest.
    asked: bool,
    /// Where the body under way has to end.
    end: Option<u64>,
    /// What was known of the last state with a length, should what was there be forgotten.
    past: Known,
}

impl Part {
    /// Goes on with what was kept, unless it is longer than the file.
    pub(crate) fn kept(known: Known, have: u64) -> Self {
        if known.total.is_some_and(|total| have > total) {
            return Self::default();
        }
        Self { known, have, ..Self::default() }
    }

    pub(crate) const fn known(&self) -> &Known {
        &self.known
    }

    pub(crate) const fn have(&self) -> u64 {
        self.have
    }

    /// Whether a later request may ask for the rest of what is there.
    pub(crate) const fn goes_on(&self) -> bool {
        self.have > 0 && self.known.validator.is_some()
    }

    /// Forgets what is there.
    pub(crate) fn forget(&mut self) {
        *self = Self { past: self.last().clone(), ..Self::default() };
    }

    /// The last state whose length is known.
    const fn last(&self) -> &Known {
        let tells = self.known.validator.is_some() && self.known.total.is_some();
        if tells { &self.known } else { &self.past }
    }

    /// Tells what to ask for.
    pub(crate) fn ask(&mut self) -> Ask {
        self.asked = false;
        match &self.known.validator {
            Some(_) if self.known.total == Some(self.have) => Ask::Nothing,
            Some(validator) if self.have > 0 => {
                self.asked = true;
                let range = format!("bytes={}-", self.have);
                Ask::Rest { range, if_range: validator.text().to_owned() }
            }
            _ => {
                self.forget();
                Ask::Whole
            }
        }
    }

    /// Judges the head of an answer that came from the URL of the digest `at`.
    pub(crate) fn head(&mut self, status: StatusCode, headers: &HeaderMap, at: &str) -> Answer {
        self.end = None;
        if let Some(coding) = coding(headers) {
            return Answer::Refuse(format!(
                "it comes in the coding {coding}, which was not asked for"
            ));
        }
        match status.as_u16() {
            200 | 203 => self.begin(status, headers, at),
            206 => self.rest(headers, at),
            416 if self.asked => match (range(headers), self.is_same(headers, at)) {
                (Ok(Range::None { total }), true) => self.nothing_behind(total),
                _ => Answer::Anew("there is nothing behind what is there"),
            },
            status => Answer::Refuse(format!("the status is {status}, and no file")),
        }
    }

    /// Judges that nothing is behind what is there, and that the same file is `total` bytes long.
    fn nothing_behind(&self, total: u64) -> Answer {
        match self.known.total {
            Some(known) if known != total => Answer::Refuse(lengths(total, known)),
            _ if total == self.have => Answer::Complete,
            // It has sent more than that.
            _ if total < self.have => Answer::Refuse(lengths(total, self.have)),
            _ => Answer::Anew("there is nothing behind what is there"),
        }
    }

    fn begin(&mut self, status: StatusCode, headers: &HeaderMap, at: &str) -> Answer {
        let mut total = match length(headers) {
            Ok(total) => total,
            Err(why) => return Answer::Refuse(why),
        };
        // What a proxy has changed has no name of its own.
        let changed = status == StatusCode::NON_AUTHORITATIVE_INFORMATION;
        let validator = if changed { None } else { validator(headers) };
        let past = self.last().clone();
        if validator.is_some() && validator == past.validator && at == past.at {
            // The same file is as long as it was.
            match (total, past.total) {
                (Some(total), Some(known)) if total != known => {
                    return Answer::Refuse(lengths(total, known));
                }
                (None, known) => total = known,
                _ => {}
            }
        }
        let known = Known { validator, total, at: at.to_owned() };
        *self = Self { known, end: total, past, ..Self::default() };
        Answer::Begin
    }

    fn rest(&mut self, headers: &HeaderMap, at: &str) -> Answer {
        if !self.asked {
            return Answer::Refuse("it is a part, and the whole was asked for".to_owned());
        }
        if is_multipart(headers) {
            return Answer::Refuse("it is of several parts, and one was asked for".to_owned());
        }
        if !self.is_same(headers, at) {
            return Answer::Anew("the file is another one by now");
        }
        let (first, last, total) = match range(headers) {
            Ok(Range::Part { first, last, total }) => (first, last, total),
            Ok(Range::None { .. }) => {
                return Answer::Refuse("its Content-Range names no part".to_owned());
            }
            Err(why) => return Answer::Refuse(why),
        };
        if first != self.have {
            let have = self.have;
            return Answer::Refuse(format!("it begins at {first} in place of {have}"));
        }
        let known = self.known.total.or(total);
        if total.is_some() && total != known {
            let [total, known] = [total, known].map(Option::unwrap_or_default);
            return Answer::Refuse(lengths(total, known));
        }
        let end = last.saturating_add(1);
        if self.known.total.is_some_and(|total| end > total) {
            return Answer::Refuse("it ends behind the file".to_owned());
        }
        match length(headers) {
            Ok(length) if length.is_none_or(|length| length == end.saturating_sub(first)) => {}
            Ok(_) => {
                return Answer::Refuse("Content-Range and Content-Length differ".to_owned());
            }
            Err(why) => return Answer::Refuse(why),
        }
        self.known.total = self.known.total.or(total);
        self.end = Some(end);
        Answer::Append
    }

    /// Whether an answer is of the state of the file that is there.
    fn is_same(&self, headers: &HeaderMap, at: &str) -> bool {
        if self.known.at != at {
            return false;
        }
        match &self.known.validator {
            Some(Validator::Etag(tag)) => strong_tag(headers).as_ref() == Some(tag),
            Some(Validator::Date(date)) => {
                !headers.contains_key(ETAG) && text(headers, &LAST_MODIFIED) == Some(date)
            }
            None => false,
        }
    }

    /// Judges bytes that came.
    ///
    /// # Errors
    ///
    /// There are more than there can be: they are not to be kept.
    pub(crate) fn fits(&self, count: u64) -> Result<(), String> {
        let have = self.have.saturating_add(count);
        if self.end.is_some_and(|end| have > end) {
            return Err("it is longer than it says".to_owned());
        }
        Ok(())
    }

    /// Takes note of bytes that are there by now.
    pub(crate) const fn piece(&mut self, count: u64) {
        self.have = self.have.saturating_add(count);
    }

    /// Takes note of the end of a body.
    pub(crate) fn ended(&mut self, broken: bool) -> Ended {
        let at_end = self.end.is_none_or(|end| self.have == end);
        if broken || !at_end {
            return Ended::Broken;
        }
        match self.known.total {
            Some(total) if self.have < total => Ended::More,
            None if self.asked => Ended::More,
            _ => Ended::Whole,
        }
    }
}

fn lengths(total: u64, known: u64) -> String {
    format!("the file is {total} bytes long, and was {known}")
}
