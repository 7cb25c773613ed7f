//! The one list of names that secrets are kept under: of the core, of whoever shows or writes what it sends.
//!
//! A name sounds secret by a part of it, by a word of it, or by how a word ends. What a list calls a secret by chance is
//! listed, too, and is none.

/// Parts of names, in small letters and digits alone: `X-Api-Key` is `xapikey`. Those of the original's masking, as far as
/// HTTP uses them, and those of tokens, sessions and proofs.
const PARTS: [&str; 30] = [
    "accesscode",
    "apikey",
    "assertion",
    "bearer",
    "connectionstring",
    "cookie",
    "credential",
    "csrf",
    "devicecode",
    "hmac",
    "jwt",
    "keyfile",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "saml",
    "secret",
    "securitycode",
    "sessid",
    "session",
    "signature",
    "token",
    "usercode",
    "verificationcode",
    "webhookurl",
    "xamz",
    "xsrf",
];

/// Whole words of names: as a part of another word they mean nothing. A number behind one, or an `s`, changes nothing.
const WORDS: [&str; 21] = [
    "code", "cred", "cvc", "cvv", "dsn", "jws", "key", "mfa", "nonce", "otp", "p", "pass", "pat",
    "pin", "psk", "pw", "sas", "sid", "sig", "sign", "tfa",
];

/// What a word ends in: `dbpass`, `sshkey`.
const ENDS: [&str; 4] = ["key", "otp", "pass", "pw"];

/// Words that end so by chance.
const OTHER_WORDS: [&str; 11] = [
    "bypass",
    "compass",
    "donkey",
    "hockey",
    "hotkey",
    "monkey",
    "overpass",
    "surpass",
    "trespass",
    "turkey",
    "underpass",
];

/// Names that sound secret, and are none: which kind of token it is, how many there are, where they are had; codes and keys that
/// are the names of things.
const HARMLESS: [&str; 31] = [
    "areacode",
    "completiontokens",
    "countrycode",
    "currencycode",
    "errorcode",
    "exitcode",
    "foreignkey",
    "httpcode",
    "httpstatuscode",
    "inputtokens",
    "langcode",
    "languagecode",
    "localecode",
    "maxcompletiontokens",
    "maxoutputtokens",
    "maxtokens",
    "outputtokens",
    "partitionkey",
    "postalcode",
    "primarykey",
    "prompttokens",
    "publickey",
    "regioncode",
    "responsecode",
    "sortkey",
    "statuscode",
    "tokenendpoint",
    "tokenendpointauthmethodssupported",
    "tokentype",
    "tokentypehint",
    "totaltokens",
];

/// Tells whether a name is one that secrets are kept under, as [`ShownUrl`](super::ShownUrl) hides the values of, and a cassette, and
/// as a stored call refuses: `token`, `X-Api-Key`, `userPass`.
///
/// The name is meant to be plain, without escapes; how it is written (`apiKey`, `API_KEY`, `api-key`) makes no difference.
///
/// # Examples
///
/// ```
/// use http_hook::observe::sounds_secret;
///
/// assert!(sounds_secret("X-Api-Key") && sounds_secret("clientSecret") && sounds_secret("sid"));
/// assert!(!sounds_secret("keyword") && !sounds_secret("author") && !sounds_secret("max_tokens"));
/// ```
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    if name.is_ascii() && !name.contains('\0') {
        return sounds_so(name);
    }
    let folded: String = name.chars().filter_map(folded).collect();
    sounds_so(name) || sounds_so(&folded)
}

/// A letter or digit that looks like one of ASCII, as that one; `None` for what nobody sees.
fn folded(c: char) -> Option<char> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let from = |first: u32, letters: &[u8]| {
        let count = u32::try_from(letters.len()).ok()?;
        let at = u32::from(c).checked_sub(first)?.checked_rem(count)?;
        letters.get(usize::try_from(at).ok()?).copied().map(char::from)
    };
    match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32),
        '\u{1d400}'..='\u{1d6a3}' => from(0x1d400, LETTERS),
        '\u{1d7ce}'..='\u{1d7ff}' => from(0x1d7ce, b"0123456789"),
        '\u{24b6}'..='\u{24e9}' => from(0x24b6, LETTERS),
        '\u{212a}' => Some('k'),
        '\u{17f}' => Some('s'),
        '\0'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        other => Some(other),
    }
}

fn sounds_so(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if HARMLESS.contains(&plain.as_str()) {
        return false;
    }
    PARTS.iter().any(|part| plain.contains(part)) || has_auth(&plain) || words(name)
}

/// Whether `auth` is in it, other than in `author` and `authority`.
fn has_auth(plain: &str) -> bool {
    plain.split("auth").skip(1).any(|rest| {
        rest.strip_prefix("or").is_none_or(|rest| rest.starts_with("iz") || rest.starts_with("is"))
    })
}

/// Whether one of its words sounds secret: `X-Hub-Sig`, `userPin` and `DBPass` have three, two and two.
fn words(name: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|part| {
        // Capitals in a row are a word (`userPIN`), and the last of them may begin the next (`DBPass`).
        split_at_capitals(part, false) || split_at_capitals(part, true)
    })
}

fn split_at_capitals(part: &str, last_begins: bool) -> bool {
    let mut word = String::new();
    let mut chars = part.chars().peekable();
    let mut after_capital = true;
    while let Some(c) = chars.next() {
        let is_capital = c.is_uppercase();
        let is_last = last_begins && chars.peek().is_some_and(|next| next.is_lowercase());
        if is_capital && (!after_capital || is_last) && is_word(&std::mem::take(&mut word)) {
            return true;
        }
        after_capital = is_capital;
        word.extend(c.to_lowercase());
    }
    is_word(&word)
}

fn is_word(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    [Some(word), word.strip_suffix('s')].into_iter().flatten().any(|word| {
        WORDS.contains(&word)
            || ENDS.iter().any(|end| word.ends_with(end)) && !OTHER_WORDS.contains(&word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_secret_are_told() {
        #[rustfmt::skip]
        let secret = [
            "token", "X-Api-Key", "apiKey", "sig", "pwd", "p", "code", "jwt", "subscription-key", "x-functions-key",
            "Ocp-Apim-Subscription-Key", "X-Amz-Signature", "accessKey", "clientSecret", "SESSION_ID", "Authorization",
            "privateKey", "set-cookie", "pass", "key", "keys", "pat", "sid", "connect.sid", "pw", "sas", "csrf",
            "csrfmiddlewaretoken", "hmac", "passcode", "userpass", "mypwd", "dbPass", "DBPass", "DB_PASS", "userPIN",
            "user_pin", "PINs", "key1", "pass2", "sshkey", "creds", "otp", "totp", "xauth", "oauth2", "author_token",
            "authorised_by", "PHPSESSID", "SAMLResponse", "nonce", "code_verifier", "cvv2", "user[password]", "to-ken",
            "dsn", "connectionString", "x_amz_date", "\u{ff54}oken", "\u{ff50}\u{ff57}", "to\u{ad}ken", "p\u{200b}w",
            "pa\0ss", "\u{1d42d}oken", "to\u{212a}en", "pa\u{17f}sword", "\u{24df}w",
        ];
        for name in secret {
            assert!(sounds_secret(name), "{name}");
        }
        #[rustfmt::skip]
        let open = [
            "page", "limit", "q", "keyword", "encoding", "monkey", "pattern", "Accept", "since", "passage", "author",
            "authors", "coauthorId", "authority", "shipping", "design", "token_type", "max_tokens", "status_code",
            "countryCode", "bypass", "passenger", "compass", "opinion", "spin", "basic", "path", "", "-", "publicKey",
        ];
        for name in open {
            assert!(!sounds_secret(name), "{name}");
        }
    }

    /// What one of the lists says holds, and is not said by another already.
    #[test]
    fn no_name_is_listed_twice() {
        let all = [&PARTS[..], &WORDS, &ENDS].concat();
        for part in PARTS {
            let by = all.iter().filter(|other| **other != part && part.contains(**other));
            let by: Vec<_> = by.filter(|other| PARTS.contains(other)).collect();
            assert!(by.is_empty(), "{part} is said by {by:?}");
        }
        for name in HARMLESS {
            let sounds = PARTS.iter().any(|part| name.contains(part));
            assert!(sounds || ["code", "key"].iter().any(|end| name.ends_with(end)), "{name}");
        }
        for word in OTHER_WORDS {
            assert!(ENDS.iter().any(|end| word.ends_with(end)), "{word}");
        }
    }
}
