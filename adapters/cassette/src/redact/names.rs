//! Which names are kept: all lists of names are in this file, but for those that sound secret, which the core tells.

/// Headers whose values are written: they say how a message is framed, cached, negotiated or paced, or are needed to
/// play it, and hold no credential. Of any other header only the name is written.
pub(crate) const KEPT_HEADERS: [&str; 48] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-patch",
    "accept-post",
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "deprecation",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "pragma",
    "range",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "server",
    "strict-transport-security",
    "sunset",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Headers that hold URLs: the URLs are written without what may be secret in them.
pub(crate) const URL_HEADERS: [&str; 8] = [
    "access-control-allow-origin",
    "content-location",
    "host",
    "link",
    "location",
    "origin",
    "referer",
    "refresh",
];

/// Headers that hold challenges: schemes are written, and the parameters that are known.
pub(crate) const CHALLENGES: [&str; 2] = ["proxy-authenticate", "www-authenticate"];

/// Names of schemes. Anything else that stands in the place of one may be a credential.
pub(crate) const SCHEMES: [&str; 16] = [
    "apikey",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "hoba",
    "kerberos",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "scram-sha-1",
    "scram-sha-256",
    "vapid",
];

/// Parameters of a challenge that are written.
pub(crate) const CHALLENGE_PARTS: [&str; 15] = [
    "algorithm",
    "algs",
    "charset",
    "domain",
    "error",
    "error_description",
    "error_uri",
    "nonce",
    "opaque",
    "qop",
    "realm",
    "resource_metadata",
    "scope",
    "stale",
    "userhash",
];

/// Parameters of a link that are written, `rel` and `anchor` aside.
pub(crate) const LINK_PARTS: [&str; 10] = [
    "as",
    "crossorigin",
    "fetchpriority",
    "hreflang",
    "imagesizes",
    "media",
    "nopush",
    "title",
    "title*",
    "type",
];

/// Attributes of a cookie that are written.
pub(crate) const COOKIE_ATTRIBUTES: [&str; 8] =
    ["domain", "expires", "httponly", "max-age", "partitioned", "path", "samesite", "secure"];

/// Parts of an `Authorization` and the like that hold no secret: what is sent besides, and shown elsewhere.
pub(crate) const PUBLIC_PARTS: [&str; 15] = [
    "algorithm",
    "charset",
    "created",
    "domain",
    "expires",
    "headers",
    "nc",
    "nonce",
    "opaque",
    "qop",
    "realm",
    "signedheaders",
    "stale",
    "uri",
    "userhash",
];

/// A name in small letters and digits alone.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
