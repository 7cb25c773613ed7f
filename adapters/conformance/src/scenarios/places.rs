//! Where the requests of a scenario go, under names that stay the same whatever the ports are.

use http::Uri;

/// One of the places that a scenario knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The origin of the connection, below the scenario's own path.
    Home,
    /// Another origin.
    Other,
    /// The token endpoint, at the other origin.
    Token,
    /// An address that refuses connections.
    Dead,
}

/// The addresses of one run.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) home: String,
    pub(super) other: String,
    pub(super) dead: String,
}

impl Places {
    /// Addresses that nobody connects to.
    pub(super) fn imagined() -> Self {
        let at = |port: u16| format!("127.0.0.1:{port}");
        Self { home: at(1001), other: at(1002), dead: at(1003) }
    }

    /// The first segment of all targets of a scenario.
    pub(super) fn path(seed: u64, place: Place) -> String {
        match place {
            Place::Token => format!("/t{seed}"),
            Place::Home | Place::Other | Place::Dead => format!("/s{seed}"),
        }
    }

    /// Tells where a request goes; `None` is a path that nobody listens on.
    pub(super) fn of(&self, seed: u64, uri: &Uri) -> Option<Place> {
        let authority = uri.authority()?.as_str();
        let first = uri.path().split('/').nth(1).unwrap_or_default();
        let below = |place| Self::path(seed, place).strip_prefix('/') == Some(first);
        let places: &[Place] = match authority {
            dead if dead == self.dead => return Some(Place::Dead),
            home if home == self.home => &[Place::Home],
            other if other == self.other => &[Place::Other, Place::Token],
            _ => &[],
        };
        places.iter().copied().find(|place| below(*place))
    }

    /// Puts addresses for names: `{home}` is the origin with the scenario's path.
    pub(super) fn fill(&self, seed: u64, text: &str) -> String {
        let path = Self::path(seed, Place::Home);
        text.replace("{home}", &format!("http://{}{path}", self.home))
            .replace("{other}", &format!("http://{}{path}", self.other))
            .replace("{dead}", &format!("http://{}{path}", self.dead))
            .replace("{authority}", &self.home)
            .replace("{path}", &path)
    }

    /// Puts names for addresses.
    pub(super) fn name(&self, text: &str) -> String {
        let named = [(&self.home, "home"), (&self.other, "other"), (&self.dead, "dead")];
        named.iter().fold(text.to_owned(), |text, (address, name)| text.replace(*address, name))
    }
}
