//! Which names are kept, and which sound secret: all lists of names are in this file.

/// Headers whose values are written: they say how a message is framed, cached, negotiated or paced, or are needed to
/// play it, and hold no credential. Of any other header only the name is written.
pub(crate) const KEPT_HEADERS: [&str; 52] = [
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
    "access-control-allow-origin",
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
    "host",
    "keep-alive",
    "last-modified",
    "pragma",
    "proxy-authenticate",
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
    "www-authenticate",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Headers that hold URLs: the URLs are written without what may be secret in them.
pub(crate) const URL_HEADERS: [&str; 5] =
    ["content-location", "link", "location", "referer", "refresh"];

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

/// What a name sounds like if a secret is kept under it, in small letters and digits alone: `X-Api-Key` is `xapikey`.
const SOUNDS_SECRET: [&str; 31] = [
    "accesskey",
    "accountkey",
    "apikey",
    "assertion",
    "authorization",
    "bearer",
    "clientkey",
    "connectionstring",
    "cookie",
    "credential",
    "csrf",
    "encryptionkey",
    "functionskey",
    "jwt",
    "keyfile",
    "masterkey",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "servicekey",
    "session",
    "sharedkey",
    "signature",
    "signingkey",
    "subscriptionkey",
    "token",
    "webhookurl",
];

/// Words that sound secret alone, where as a part of another word they mean nothing.
const SECRET_WORDS: [&str; 9] =
    ["auth", "cvv", "dsn", "hmac", "oauth", "otp", "pin", "sig", "xsrf"];

/// Names that sound secret, and are none: what kind of token it is, how many there are, where they are had.
const HARMLESS: [&str; 12] = [
    "completiontokens",
    "inputtokens",
    "maxcompletiontokens",
    "maxoutputtokens",
    "maxtokens",
    "outputtokens",
    "prompttokens",
    "tokenendpoint",
    "tokenendpointauthmethodssupported",
    "tokentype",
    "tokentypehint",
    "totaltokens",
];

/// A name in small letters and digits alone.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a secret may be kept under this name.
pub(crate) fn sounds_secret(name: &str) -> bool {
    let plain = plain(name);
    if HARMLESS.contains(&plain.as_str()) {
        return false;
    }
    SOUNDS_SECRET.iter().any(|sound| plain.contains(sound))
        || words(name).any(|word| SECRET_WORDS.iter().any(|own| word.eq_ignore_ascii_case(own)))
}

/// The words of a name: `X-Hub-Sig` and `userPin` have three and two.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        let begins = |at: &usize| {
            let bytes = part.as_bytes();
            bytes[*at].is_ascii_uppercase() && !bytes[at - 1].is_ascii_uppercase()
        };
        let mut ends: Vec<usize> = (1..part.len()).filter(begins).collect();
        ends.push(part.len());
        let mut from = 0;
        ends.into_iter().map(move |end| {
            let word = &part[from..end];
            from = end;
            word
        })
    })
}
