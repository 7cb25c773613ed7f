//! What a layer of options says, for people.

use std::fmt::Write as _;
use std::time::Duration;

use super::client::{Proxies, Verify};
use super::layer::Options;
use super::setting::Setting;

/// What a layer says of one option, for people.
pub(crate) struct Word {
    pub(crate) text: String,
    /// Whether it is a text of whoever wrote the layer, which may be anything; else it is a time, a switch or a count.
    pub(crate) is_text: bool,
}

/// What each target is reached through.
fn proxies(all: &Proxies) -> String {
    let mut text = String::new();
    for (target, proxy) in &all.by_target {
        if !text.is_empty() {
            text.push_str(", ");
        }
        let _ = write!(text, "{target}: {}", proxy.told());
    }
    if text.is_empty() { "none".to_owned() } else { text }
}

impl Options {
    /// The names of all options.
    pub(crate) const SHOWN: [&'static str; 14] = [
        "connect_timeout",
        "head_timeout",
        "idle_timeout",
        "verify",
        "cert",
        "proxies",
        "keep_alive",
        "stream",
        "allow_redirects",
        "max_redirects",
        "allow_downgrade",
        "trust_env",
        "check_response",
        "max_response_bytes",
    ];

    /// What this layer says of every option, in the order of [`SHOWN`](Self::SHOWN): `none` where it says that there shall be
    /// none. Proxies are named without their credentials.
    pub(crate) fn shown(&self) -> [Option<Word>; 14] {
        fn setting<T>(
            setting: &Setting<T>,
            is_text: impl Fn(&T) -> bool,
            show: impl Fn(&T) -> String,
        ) -> Option<Word> {
            match setting {
                Setting::Inherit => None,
                Setting::Unset => Some(Word { text: "none".to_owned(), is_text: false }),
                Setting::Set(value) => Some(Word { text: show(value), is_text: is_text(value) }),
            }
        }
        let time = |value| setting(value, |_| false, |time: &Duration| format!("{time:?}"));
        let plain = |value: Option<String>| value.map(|text| Word { text, is_text: false });
        let switch = |value: Option<bool>| plain(value.map(|value| value.to_string()));
        let is_file = |verify: &Verify| matches!(verify, Verify::File(_));
        [
            time(&self.connect_timeout),
            time(&self.head_timeout),
            time(&self.idle_timeout),
            setting(&self.verify, is_file, |verify| format!("{verify:?}")),
            setting(&self.cert, |_| true, |cert| cert.cert.clone()),
            setting(&self.proxies, |all| !all.by_target.is_empty(), proxies),
            setting(&self.keep_alive, |_| false, |keep| format!("{keep:?}")),
            switch(self.stream),
            switch(self.allow_redirects),
            plain(self.max_redirects.map(|max| max.to_string())),
            switch(self.allow_downgrade),
            switch(self.trust_env),
            switch(self.check_response),
            plain(self.max_response_bytes.map(|max| max.to_string())),
        ]
    }
}
