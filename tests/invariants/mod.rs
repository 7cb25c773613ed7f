//! What must hold for any input: one function a subject, over bytes.
//!
//! Driven three times: by `proof/properties.rs` with random bytes, by `proof/corpus.rs` with what is kept in
//! `fuzz/corpus`, and by the fuzzer.

#![allow(dead_code, reason = "each driver uses a part")]

use http_hook::options::{Capabilities, Capability};

pub(crate) mod answers;
pub(crate) mod cassette;
pub(crate) mod connection;
pub(crate) mod counts;
pub(crate) mod forms;
pub(crate) mod machine;
pub(crate) mod origin;
pub(crate) mod plans;
pub(crate) mod purse;
pub(crate) mod redirects;
pub(crate) mod request;
pub(crate) mod script;
pub(crate) mod secrets;
pub(crate) mod series;
pub(crate) mod state;
pub(crate) mod taint;

/// A subject's name, as its fuzz target and its folder in the corpus have it, and what checks it.
pub(crate) type Subject = (&'static str, fn(&[u8]));

/// All subjects.
pub(crate) const SUBJECTS: &[Subject] = &[
    ("conn_uri", connection::uri),
    ("conn_json", connection::json),
    ("join", request::join),
    ("headers", request::headers),
    ("machine", machine::machine),
    ("state", state::state),
    ("redirect", redirects::redirect),
    ("digest", answers::digest),
    ("cookie", answers::cookie),
    ("multipart", forms::multipart),
    ("decode", answers::decoded),
    ("retry_after", answers::retry_after),
    ("policy", plans::policy),
    ("resume", machine::resume),
    ("origin", origin::origin),
    ("cassette", cassette::cassette),
    ("secrets", secrets::secrets),
    ("link_header", series::link_header),
    ("pages", series::pages),
    ("poll", series::poll),
];

/// A secret that is planted: not a word that a message could hold by itself.
pub(crate) const MARKER: &str = "Q7zz9!planted";

/// Bytes as a source of decisions. There are always more of them: behind the end all are 0.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl Choices<'_> {
    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    /// One of several.
    pub(crate) fn one_of<T: Clone>(&mut self, several: &[T]) -> T {
        several[usize::from(self.byte()) % several.len()].clone()
    }

    /// Whether it is so: no, if there is nothing left to say.
    pub(crate) fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// A time, mostly short, sometimes absurd.
    pub(crate) fn milliseconds(&mut self) -> u64 {
        let scale = self.one_of(&[0, 1, 10, 1_000, 60_000, 86_400_000, u64::MAX / 256]);
        u64::from(self.byte()).saturating_mul(scale)
    }

    /// Whether all is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes as lines of text; none if they are not UTF-8.
pub(crate) fn lines(bytes: &[u8]) -> Option<Vec<&str>> {
    Some(std::str::from_utf8(bytes).ok()?.split('\n').collect())
}

/// A client that can do everything.
pub(crate) fn everything() -> Capabilities {
    Capabilities::of(
        "test",
        &[
            Capability::ConnectTimeout,
            Capability::HeadTimeout,
            Capability::IdleTimeout,
            Capability::TotalTimeout,
            Capability::VerifyOff,
            Capability::VerifyFile,
            Capability::ClientCert,
            Capability::ClientKey,
            Capability::ProxyHttp,
            Capability::ProxyHttps,
            Capability::ProxyAuth,
            Capability::KeepAlive,
            Capability::StreamRequest,
            Capability::StreamResponse,
            Capability::CustomMethod,
        ],
    )
}
