//! What an HTTP client can do, and what a call needs of it.

use std::fmt;

use crate::base::{Error, ErrorKind};

/// Something that not every HTTP client can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Capability {
    /// A time limit for making the connection alone.
    ConnectTimeout,
    /// A time limit up to the head of the response.
    HeadTimeout,
    /// A time limit between two pieces of the body.
    IdleTimeout,
    /// A time limit for the whole exchange.
    TotalTimeout,
    /// Not verifying the server's certificate.
    VerifyOff,
    /// Certificate authorities from a file.
    VerifyFile,
    /// A client certificate, key in the same file.
    ClientCert,
    /// A client certificate with its key in a file of its own.
    ClientKey,
    /// A proxy for `http` targets.
    ProxyHttp,
    /// A proxy for `https` targets.
    ProxyHttps,
    /// Credentials for the proxy.
    ProxyAuth,
    /// TCP keep-alive settings.
    KeepAlive,
    /// A request body that is streamed.
    StreamRequest,
    /// A response body that is streamed.
    StreamResponse,
    /// Any method that is a token.
    CustomMethod,
}

impl Capability {
    const ALL: [Self; 15] = [
        Self::ConnectTimeout,
        Self::HeadTimeout,
        Self::IdleTimeout,
        Self::TotalTimeout,
        Self::VerifyOff,
        Self::VerifyFile,
        Self::ClientCert,
        Self::ClientKey,
        Self::ProxyHttp,
        Self::ProxyHttps,
        Self::ProxyAuth,
        Self::KeepAlive,
        Self::StreamRequest,
        Self::StreamResponse,
        Self::CustomMethod,
    ];

    #[expect(clippy::as_conversions, reason = "the number of a variant without fields")]
    const fn bit(self) -> u32 {
        1 << self as u8
    }

    /// Names the option that needs this, as a connection writes it.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::ConnectTimeout => "timeout (connect)",
            Self::HeadTimeout => "timeout (head)",
            Self::IdleTimeout => "timeout (read)",
            Self::TotalTimeout => "deadline",
            Self::VerifyOff => "verify = false",
            Self::VerifyFile => "verify (file)",
            Self::ClientCert => "cert",
            Self::ClientKey => "cert (with a key of its own)",
            Self::ProxyHttp => "proxies (http)",
            Self::ProxyHttps => "proxies (https)",
            Self::ProxyAuth => "proxies (with credentials)",
            Self::KeepAlive => "tcp_keep_alive",
            Self::StreamRequest => "streamed request body",
            Self::StreamResponse => "stream",
            Self::CustomMethod => "method",
        }
    }
}

/// A set of [capabilities](Capability), with the name of the client that has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    client: &'static str,
    bits: u32,
}

impl Capabilities {
    /// A client that honours no option at all.
    #[must_use]
    pub const fn none(client: &'static str) -> Self {
        Self { client, bits: 0 }
    }

    /// A client that honours these options, and no others.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::options::{Capabilities, Capability};
    ///
    /// const MINE: Capabilities =
    ///     Capabilities::of("mine", &[Capability::VerifyOff, Capability::StreamResponse]);
    /// assert!(MINE.has(Capability::VerifyOff) && !MINE.has(Capability::KeepAlive));
    /// ```
    #[must_use]
    pub const fn of(client: &'static str, all: &[Capability]) -> Self {
        let mut set = Self::none(client);
        let mut rest = all;
        while let [first, others @ ..] = rest {
            set = set.with(*first);
            rest = others;
        }
        set
    }

    /// Adds a capability.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self { bits: self.bits | capability.bit(), ..self }
    }

    /// Takes a capability away.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self { bits: self.bits & !(capability.bit()), ..self }
    }

    /// Names the client.
    #[must_use]
    pub const fn client(self) -> &'static str {
        self.client
    }

    /// Whether the client can do this.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.bits & capability.bit() != 0
    }

    /// Adds the capabilities of another set.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, ..self }
    }

    /// Makes what this client would drop an error.
    ///
    /// # Errors
    ///
    /// Kind [`Unsupported`](ErrorKind::Unsupported), naming client and option.
    #[inline]
    pub(crate) fn check(self, needed: Self) -> Result<(), Error> {
        if needed.bits & !self.bits == 0 { Ok(()) } else { Err(self.refuse(needed)) }
    }

    #[cold]
    fn refuse(self, needed: Self) -> Error {
        let option = self.missing(needed).map_or("of another kind", Capability::option);
        let text = format!("{} cannot honour the option {option}", self.client);
        Error::new(ErrorKind::Unsupported, text)
    }

    /// Returns the first of the capabilities of `needed` that this set lacks.
    #[must_use]
    pub fn missing(self, needed: Self) -> Option<Capability> {
        if needed.bits & !self.bits == 0 {
            return None;
        }
        Capability::ALL.into_iter().find(|one| needed.has(*one) && !self.has(*one))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client)?;
        f.debug_set().entries(Capability::ALL.into_iter().filter(|one| self.has(*one))).finish()
    }
}
