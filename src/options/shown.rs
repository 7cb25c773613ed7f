//! What a layer of options says, for people.

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

/// By target, and once where they are all the same.
fn proxies(all: &Proxies) -> String {
    let mut told: Vec<_> = all.by_target.iter().map(|(_, proxy)| proxy.told()).collect();
    told.dedup();
    match told.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        _ => {
            let each =
                all.by_target.iter().map(|(name, proxy)| format!("{name}: {}", proxy.told()));
            each.collect::<Vec<_>>().join(", ")
        }
    }
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
