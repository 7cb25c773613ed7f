//! Authentication: challenges, schemes, netrc. Nothing here needs a server.

use serde_json::json;

use crate::auth::basic::basic;
use crate::auth::{AuthScheme, Challenge, Credentials, Netrc};
use crate::base::{ErrorKind, Origin, Secret};

/// Writes challenges as `scheme token name=value …`, parted by `; `.
fn shown(value: &[u8]) -> Option<String> {
    let all = Challenge::parse(value).ok()?;
    let one = |challenge: &Challenge| {
        let mut words = vec![challenge.scheme.clone()];
        words.extend(challenge.token.clone());
        words.extend(challenge.parameters.iter().map(|(name, value)| format!("{name}={value}")));
        words.join(" ")
    };
    Some(all.iter().map(one).collect::<Vec<_>>().join("; "))
}

#[test]
fn challenges_are_read() {
    #[rustfmt::skip]
    let rows = [
        // why                          value                                               challenges
        ("nothing",                     "",                                                 Some("")),
        ("only commas",                 " , ,",                                             Some("")),
        ("scheme alone",                "Negotiate",                                        Some("negotiate")),
        ("one parameter",               "Basic realm=\"x\"",                                Some("basic realm=x")),
        ("names in lower case",         "BASIC Realm=X",                                    Some("basic realm=X")),
        ("blanks around =",             "Basic realm = \"x\"",                              Some("basic realm=x")),
        ("comma within quotes",         "Digest realm=\"a, b\", nonce=n",                   Some("digest realm=a, b nonce=n")),
        ("quoted pairs",                r#"Basic realm="a\"b\\""#,                          Some("basic realm=a\"b\\")),
        ("two of them",                 "Digest realm=r, nonce=n, Basic realm=s",           Some("digest realm=r nonce=n; basic realm=s")),
        ("empty elements",              "Basic realm=r,, ,Bearer",                          Some("basic realm=r; bearer")),
        ("RFC 9110's example",          r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
                                        Some("basic realm=simple; newauth realm=apps type=1 title=Login to \"apps\"")),
        ("token68",                     "Negotiate YWJj/+==",                               Some("negotiate YWJj/+==")),
        ("token68, then another",       "NTLM TlRM=, Basic realm=r",                        Some("ntlm TlRM=; basic realm=r")),
        ("two bare schemes",            "Negotiate, Basic",                                 Some("negotiate; basic")),
        ("a quote that stays open",     "Basic realm=\"x",                                  None),
        ("nothing behind a backslash",  "Basic realm=\"x\\",                                None),
        ("a name twice",                "Basic realm=a, realm=b",                           None),
        ("a parameter behind a token",  "Negotiate abc, x=1",                               None),
        ("what a name says twice",      "Digest algorithm=MD5, realm=r, algorithm=MD5",     Some("digest algorithm=MD5 realm=r")),
        ("the last one counts",         "Digest qop=auth, realm=r, qop=\"auth-int\"",       Some("digest qop=auth-int realm=r")),
        ("the same realm twice",        "Basic realm=a, realm=\"a\"",                       Some("basic realm=a")),
        ("no quotes: a path",           "Digest realm=r, domain=/, nonce=n",                Some("digest realm=r domain=/ nonce=n")),
        ("no quotes: a URL",            "Digest domain=http://h/a?b=c, realm=r",            Some("digest domain=http://h/a?b=c realm=r")),
        ("no quotes: nothing",          "Digest opaque=, realm=r, qop= ,nonce=",            Some("digest opaque= realm=r qop= nonce=")),
        ("no quotes: base64",           "Digest realm=r, nonce=MTQ0==",                     Some("digest realm=r nonce=MTQ0==")),
        ("no quotes: the first one",    "Digest nonce=MT/0==, realm=r",                     Some("digest nonce=MT/0== realm=r")),
        ("no quotes: blanks",           "Digest realm=My Device , nonce=n",                 Some("digest realm=My Device nonce=n")),
        ("no quotes: a list",           "Digest realm=r, qop=auth,auth-int, nonce=n",       Some("digest realm=r qop=auth,auth-int nonce=n")),
        ("no comma behind quotes",      "Digest realm=\"r\" nonce=\"n\"",                   Some("digest realm=r nonce=n")),
        ("a bad one first",             "Basic realm=a, realm=b, Digest realm=r, nonce=n",  Some("digest realm=r nonce=n")),
        ("a bad one last",              "Digest realm=r, nonce=n, Basic realm=\"x",         Some("digest realm=r nonce=n")),
        ("a bad one between",           "NTLM a, x=1, Digest realm=r, nonce=n, Basic a=b",  Some("digest realm=r nonce=n; basic a=b")),
        ("junk before it",              "=x, \"a, b\", Digest realm=r, nonce=n",            Some("digest realm=r nonce=n")),
        ("junk behind a value",         "Digest realm=r, domain=\"/\" \"/b\", nonce=n",     Some("digest realm=r nonce=n")),
        ("junk behind what is needed",  "Digest realm=\"r\" x, nonce=n",                    None),
        ("a nonce that disagrees",      "Digest realm=r, nonce=n, nonce=m",                 None),
        ("no comma",                    "Basic realm=a realm2=b",                           None),
        ("no scheme",                   "=x",                                               None),
        ("a control character",         "Basic realm=\"a\u{1}b\"",                          None),
    ];
    for (why, value, expected) in rows {
        assert_eq!(shown(value.as_bytes()).as_deref(), expected, "{value:?}: {why}");
    }
}

#[test]
fn challenges_have_limits() {
    let many = |count: usize| vec!["Basic"; count].join(", ");
    let long = |count: usize| {
        let all: Vec<_> = (0..count).map(|index| format!("p{index}=v")).collect();
        format!("Basic {}", all.join(", "))
    };
    let quoted = |count: usize| format!("Basic realm=\"{}\"", "a".repeat(count - 14));
    let rows = [
        ("challenges", many(16), many(17)),
        ("parameters", long(32), long(33)),
        ("bytes", quoted(16 * 1024), quoted(16 * 1024 + 1)),
    ];
    for (why, fits, too_much) in rows {
        assert!(Challenge::parse(fits.as_bytes()).is_ok(), "{why}");
        let error = Challenge::parse(too_much.as_bytes()).map_err(|error| error.kind());
        assert_eq!(error, Err(ErrorKind::Limit), "{why}");
    }
}

#[test]
fn quotes_that_stay_open_are_looked_behind_once() {
    // It would take minutes, were the end of the field looked for behind each of them.
    for start in ["Digest realm=\"r\", nonce=\"n\", x=\"", "Digest x ", "\""] {
        let value = start.to_owned() + &"\\\"".repeat((16 * 1024 - start.len()) / 2);
        for _ in 0..20 {
            let read = Challenge::parse(value.as_bytes());
            assert!(read.is_ok() == start.starts_with("Digest realm"), "{start}");
            assert!(crate::auth::challenge::parameters(value.as_bytes()).is_ok(), "{start}");
        }
    }
    // One that is open as far as it can be read says nothing of those behind.
    let rest = b"Digest x=\"a\\\"\x01, realm=\"r\", nonce=\"n\"";
    assert_eq!(shown(rest).as_deref(), Some("digest realm=r nonce=n"));
}

#[test]
fn basic_is_latin1() {
    #[rustfmt::skip]
    let rows = [
        // why                      login       password    value
        ("recorded",                "user",     "pass",     Ok("Basic dXNlcjpwYXNz")),
        ("recorded: empty",         "user",     "",         Ok("Basic dXNlcjo=")),
        ("recorded: Latin-1",       "usér",     "pàss",     Ok("Basic dXPpcjpw4HNz")),
        ("recorded: line ends",     "user\n",   "pass\r\n", Ok("Basic dXNlcgo6cGFzcw0K")),
        ("recorded: @ and colon",   "us@er",    "p:w",      Ok("Basic dXNAZXI6cDp3")),
        ("beyond Latin-1",          "user",     "p€ss",     Err("the password holds a character outside Latin-1")),
        ("beyond Latin-1",          "usеr",     "pass",     Err("the login holds a character outside Latin-1")),
    ];
    for (why, login, password, expected) in rows {
        match (basic(login, &Secret::new(password)), expected) {
            (Ok(value), Ok(expected)) => {
                assert_eq!(value, expected, "{why}");
                assert!(value.is_sensitive(), "{why}");
            }
            (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected, "{why}"),
            (got, _) => panic!("{why}: {got:?}"),
        }
    }
}

#[test]
fn schemes_are_read_from_json() {
    let url = "https://id.test/token";
    #[rustfmt::skip]
    let rows = [
        // the object                                                   what becomes of it
        (json!({"scheme": "none"}),                                     Ok("")),
        (json!({"scheme": "basic"}),                                    Ok("authorization: Basic bG9naW46cHctOTE3")),
        (json!({"scheme": "basic", "login": "a", "password": "b"}),     Ok("authorization: Basic YTpi")),
        (json!({"scheme": "bearer", "token": "t-1"}),                   Ok("authorization: Bearer t-1")),
        (json!({"scheme": "bearer"}),                                   Ok("authorization: Bearer pw-917")),
        (json!({"scheme": "api_key", "name": "X-Key"}),                 Ok("x-key: pw-917")),
        (json!({"scheme": "api_key", "name": "k", "value": "v 1", "in": "query"}), Ok("?k=v 1")),
        (json!({"scheme": "digest"}),                                   Ok("")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "skew_seconds": 5, "audience": "x"}), Ok("")),
        (json!({"scheme": "oauth2_refresh", "token_url": url, "refresh_token": "r"}), Ok("")),
        (json!({"scheme": "oauth2_refresh", "token_url": url, "refresh_token": "r", "resource": ["a", "b"], "fields": {"x": "y", "z": ["1"]}}), Ok("")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "verify": false, "require_token_type": true}), Ok("")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "verify": 1}),
            Err("auth.verify: must be true, false or the path of a file")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "require_token_type": "yes"}),
            Err("auth.require_token_type: must be true or false")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "resource": {"a": "pw-917"}}),
            Err("auth.resource: must be a text or a list of texts")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "fields": {"a": 917}}),
            Err("auth.fields: must be an object of texts or lists of texts")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "fields": ["pw-917"]}),
            Err("auth.fields: must be an object of texts or lists of texts")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "fields": {"client_secret": "pw-917"}}),
            Err("auth.fields: client_secret is written by the scheme itself")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "fields": {"": "pw-917"}}),
            Err("auth.fields: a name is empty")),
        (json!("basic"),                                                Err("auth: must be an object")),
        (json!({}),                                                     Err("auth.scheme: is missing")),
        (json!({"scheme": 1}),                                          Err("auth.scheme: must be a text")),
        (json!({"scheme": "kerberos"}),                                 Err("auth.scheme: there is no such scheme (but none, basic, bearer, api_key, digest, oauth2_client_credentials and oauth2_refresh)")),
        (json!({"scheme": "none", "x": 1}),                             Err("auth: a member that this scheme does not have, beside scheme")),
        (json!({"scheme": "bearer", "tokens": "pw-917"}),               Err("auth: a member that this scheme does not have; `token` is one")),
        (json!({"scheme": "bearer", "token": 917}),                     Err("auth.token: must be a text")),
        (json!({"scheme": "bearer", "token": " "}),                     Err("auth: the token is empty")),
        (json!({"scheme": "bearer", "token": "pw-917\n"}),              Err("a credential holds a character that no header may hold")),
        (json!({"scheme": "api_key"}),                                  Err("auth.name: is missing")),
        (json!({"scheme": "api_key", "name": "X Key"}),                 Err("auth.name: no header can have this name")),
        (json!({"scheme": "api_key", "name": "Host"}),                  Err("auth.name: header host: only the transport may set it, as the URL says")),
        (json!({"scheme": "api_key", "name": "k", "in": "body"}),       Err("auth.in: must be header or query")),
        (json!({"scheme": "oauth2_refresh", "token_url": url}),         Err("auth.refresh_token: is missing")),
        (json!({"scheme": "oauth2_client_credentials"}),                Err("auth.token_url: is missing")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "skew_seconds": 86_399}), Ok("")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "skew_seconds": 86_400}), Ok("")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "skew_seconds": 86_401}),
            Err("auth.skew_seconds: must be a whole number of seconds up to a day")),
        (json!({"scheme": "oauth2_client_credentials", "token_url": url, "skew_seconds": -1}),
            Err("auth.skew_seconds: must be a whole number of seconds up to a day")),
    ];
    let password = Secret::new("pw-917");
    for (value, expected) in rows {
        let scheme = AuthScheme::from_json(&value, Some("login"), Some(&password));
        assert!(!format!("{scheme:?}").contains("pw-917"), "{value}");
        let proof = scheme.and_then(|scheme| scheme.credentials()).map(|proof| match proof {
            Credentials::Nothing => String::new(),
            Credentials::Header(name, value) => {
                assert!(value.is_sensitive());
                format!("{name}: {}", value.to_str().unwrap())
            }
            Credentials::Headers(_) => panic!("a scheme as data shows one header"),
            Credentials::Query(name, value) => format!("?{name}={}", value.expose()),
        });
        let proof = proof.map_err(|error| error.to_string());
        assert_eq!(proof, expected.map(str::to_owned).map_err(str::to_owned), "{value}");
    }
}

#[test]
fn nothing_stands_in_for_what_the_connection_lacks() {
    let rows = [
        (json!({"scheme": "basic"}), "auth.login: is missing, and the connection has no login"),
        (json!({"scheme": "bearer"}), "auth.token: is missing, and the connection has no password"),
    ];
    for (value, expected) in rows {
        let error = AuthScheme::from_json(&value, None, None).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn netrc_is_read_as_python_reads_it() {
    #[rustfmt::skip]
    let rows = [
        // why                          text                                                    login and password of h.test
        ("recorded: one a line",        "machine h.test\nlogin u\npassword p\n",                Some(("u", "p"))),
        ("recorded: default",           "default login u password p\n",                         Some(("u", "p"))),
        ("recorded: another host",      "machine other.org login a password b\n",               None),
        ("recorded: breaks off",        "machine h.test login\n",                               None),
        ("the host's own comes first",  "default login d password q machine h.test login u password p", Some(("u", "p"))),
        ("the last of a host counts",   "machine h.test login a password b\nmachine h.test login u password p", Some(("u", "p"))),
        ("no part of a name",           "machine test login u password p",                      None),
        ("nor a longer one",            "machine h.test.evil login u password p",               None),
        ("no password",                 "machine h.test login u",                               Some(("u", ""))),
        ("of the next host neither",    "machine h.test login u\nmachine i.test password p",    Some(("u", ""))),
        ("an account for a login",      "machine h.test account u password p",                  Some(("u", "p"))),
        ("user is login",               "machine h.test user u password p",                     Some(("u", "p"))),
        ("quotes",                      "machine h.test login \"u v\" password \"p\\\"q\"",     Some(("u v", "p\"q"))),
        ("backslash",                   "machine h.test login u password p\\ q",                Some(("u", "p q"))),
        ("comments",                    "# all\nmachine h.test # mine\nlogin u #x\npassword p", Some(("u", "p"))),
        ("macros",                      "macdef m\nmachine h.test login x\n\nmachine h.test login u password p", Some(("u", "p"))),
        ("empty",                       "",                                                     None),
    ];
    for (why, text, expected) in rows {
        let netrc = Netrc::parse(text).unwrap_or_else(|error| panic!("{why}: {error}"));
        let origin: Origin = "https://h.test".parse().unwrap();
        let found = netrc.find(&origin).and_then(|found| found.into_secret_at(&origin));
        let found = found.as_ref().map(|(login, password)| (login.as_str(), password.expose()));
        assert_eq!(found, expected, "{text:?}: {why}");
    }
}

#[test]
fn netrc_compares_hosts_in_their_normal_form() {
    let rows = [
        // machine              origin                          found
        ("h.test.", "https://h.test", true),
        ("H.Test", "https://h.test", true),
        ("h.test", "https://h.test.:8443", true),
        ("::1", "https://[0::1]", true),
        ("[0:0::1]", "https://[::1]", true),
        ("127.0.0.1", "https://127.0.0.1", true),
        ("127.1", "https://127.0.0.1", false),
        ("1", "https://[::1]", false),
        ("test", "https://h.test", false),
    ];
    for (machine, url, found) in rows {
        let netrc = Netrc::parse(&format!("machine {machine} login u password p")).unwrap();
        assert_eq!(netrc.find(&url.parse().unwrap()).is_some(), found, "{machine}: {url}");
    }
}

#[test]
fn netrc_tells_the_line_and_nothing_else() {
    #[rustfmt::skip]
    let rows = [
        ("machine a\nlogin u\nhunter2 x",   "netrc: a word at line 3 has no place there"),
        ("hunter2",                         "netrc: a word at line 1 has no place there"),
        ("\n\nmachine",                     "netrc: line 3 lacks a host"),
        ("macdef m\nhunter2",               "netrc: the macro at line 2 does not end"),
    ];
    for (text, expected) in rows {
        let error = Netrc::parse(text).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert_eq!(error, expected, "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_value_is_challenges_or_none(value in "(Basic |Digest |[a-c]=|[a-c]|\"|,| |=|\\\\|\t){0,24}") {
        let Ok(all) = Challenge::parse(value.as_bytes()) else { return Ok(()) };
        for challenge in all {
            assert!(!challenge.scheme.is_empty(), "{value:?}");
            assert!(challenge.token.is_none() || challenge.parameters.is_empty(), "{value:?}");
        }
    }

    #[test]
    fn any_text_is_a_netrc_or_none(text in "(machine |default |login |password |macdef |#|\"|\\\\|[a-h. \n]){0,40}") {
        if let Ok(netrc) = Netrc::parse(&text) {
            let _ = netrc.find(&"http://a".parse().unwrap());
        }
    }
}

#[test]
fn a_netrc_is_read_up_to_its_limit() {
    let whole = 1024 * 1024;
    for (len, fits) in [(whole - 1, true), (whole, true), (whole + 1, false), (2 * whole, false)] {
        let mut text = "machine h login u password p ".to_owned();
        text.push_str(&" ".repeat(len - text.len()));
        let read = Netrc::parse(&text).map(|_| ()).map_err(|error| error.kind());
        assert_eq!(read, if fits { Ok(()) } else { Err(ErrorKind::Limit) }, "{len}");
    }
}
