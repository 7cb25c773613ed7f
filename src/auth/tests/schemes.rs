//! Authentication: challenges, schemes, netrc, tokens. Nothing here needs a server.

use std::time::Duration;

use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use crate::auth::basic::basic;
use crate::auth::token_slot::{TokenSlot, TokenStep};
use crate::auth::{AuthScheme, Challenge, ClientAuth, Credentials, Netrc, OAuth2, Token};
use crate::base::{ErrorKind, Origin, Secret, Timestamp};

fn at(seconds: u64) -> Timestamp {
    Timestamp::new(Duration::from_secs(seconds))
}

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_000));

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
        (json!({"scheme": "kerberos"}),                                 Err("auth.scheme: there is no such scheme")),
        (json!({"scheme": "none", "x": 1}),                             Err("auth: a member that this scheme does not have, beside scheme")),
        (json!({"scheme": "bearer", "tokens": "pw-917"}),               Err("auth: a member that this scheme does not have; `token` is one")),
        (json!({"scheme": "bearer", "token": 917}),                     Err("auth.token: must be a text")),
        (json!({"scheme": "bearer", "token": "pw-917\n"}),              Err("a credential holds a character that no header may hold")),
        (json!({"scheme": "api_key"}),                                  Err("auth.name: is missing")),
        (json!({"scheme": "api_key", "name": "X Key"}),                 Err("auth.name: no header can have this name")),
        (json!({"scheme": "api_key", "name": "Host"}),                  Err("auth.name: header host: only the transport may set it")),
        (json!({"scheme": "api_key", "name": "k", "in": "body"}),       Err("auth.in: must be header or query")),
        (json!({"scheme": "oauth2_refresh", "token_url": url}),         Err("auth.refresh_token: is missing")),
        (json!({"scheme": "oauth2_client_credentials"}),                Err("auth.token_url: is missing")),
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

#[test]
fn token_requests_are_built() {
    let mut credentials =
        OAuth2::client_credentials("https://id.test/t", "id:1", Secret::new("s e"));
    credentials.scope = Some("a b".into());
    let mut further = credentials.clone();
    further.fields = vec![
        ("resource".into(), Secret::new("https://a.test/")),
        ("x-y".into(), Secret::new("1&2")),
    ];
    let mut in_body = credentials.clone();
    in_body.client_auth = ClientAuth::Body;
    let refresh = OAuth2::refresh("https://id.test/t", "id", Secret::new("r-0"));
    let answer = br#"{"access_token":"t","token_type":"bearer","refresh_token":"r-1"}"#;
    let newer = Token::read(StatusCode::OK, answer, None, NOW).unwrap();
    #[rustfmt::skip]
    let rows = [
        // name and secret are form-encoded before they are joined (RFC 6749 §2.3.1): id%3A1:s+e
        (&credentials,  None,           "grant_type=client_credentials&scope=a+b",                  Some("Basic aWQlM0ExOnMrZQ==")),
        (&further,      None,           "grant_type=client_credentials&scope=a+b&resource=https%3A%2F%2Fa.test%2F&x-y=1%262", Some("Basic aWQlM0ExOnMrZQ==")),
        (&in_body,      None,           "grant_type=client_credentials&scope=a+b&client_id=id%3A1&client_secret=s+e", None),
        (&refresh,      None,           "grant_type=refresh_token&refresh_token=r-0&client_id=id",  None),
        (&refresh,      Some(&newer),   "grant_type=refresh_token&refresh_token=r-1&client_id=id",  None),
    ];
    for (oauth2, last, body, authorization) in rows {
        let request = oauth2.request(last).unwrap();
        assert_eq!(request.body, body);
        assert_eq!(request.headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
        let value = request.headers.get(AUTHORIZATION);
        assert_eq!(value.map(|value| value.to_str().unwrap()), authorization);
        assert!(value.is_none_or(http::HeaderValue::is_sensitive));
    }

    #[rustfmt::skip]
    let rows = [
        // token_url                        allow_http  origin and path, or the error
        ("https://id.test/t?x=a b",         false,      Ok("https://id.test/t?x=a%20b")),
        ("https://id.test",                 false,      Ok("https://id.test/")),
        ("HTTP://id.test/t",                false,      Err("auth.token_url: would send the client's secret unencrypted")),
        ("HTTP://id.test/t",                true,       Ok("http://id.test/t")),
        ("https://u:hunter2@id.test/t",     false,      Err("auth.token_url: user info does not belong there")),
        ("/t",                              false,      Err("auth.token_url: there is no scheme")),
    ];
    for (url, allow_http, expected) in rows {
        let mut oauth2 = OAuth2::client_credentials(url, "id", Secret::new("hunter2"));
        oauth2.allow_http = allow_http;
        assert!(!format!("{oauth2:?}").contains("hunter2"), "{url}");
        let request =
            oauth2.request(None).map(|request| format!("{}{}", request.origin, request.path));
        let request = request.map_err(|error| error.to_string());
        assert_eq!(request, expected.map(str::to_owned).map_err(str::to_owned), "{url}");
    }
}

#[test]
fn token_answers_are_read() {
    let year = 365 * 24 * 3600;
    #[rustfmt::skip]
    let rows = [
        // why                      status  answer                                                              end, or the error
        ("RFC 6749 §5.1",           200,    json!({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}), Ok(Some(4_600))),
        ("as text",                 200,    json!({"access_token": "t", "token_type": "bearer", "expires_in": "60"}), Ok(Some(1_060))),
        ("with a fraction",         200,    json!({"access_token": "t", "token_type": "bearer", "expires_in": 60.9}), Ok(Some(1_060))),
        ("already over",            200,    json!({"access_token": "t", "token_type": "bearer", "expires_in": -5}), Ok(Some(1_000))),
        ("for ever is 400 days",    200,    json!({"access_token": "t", "token_type": "bearer", "expires_in": u64::MAX}), Ok(Some(1_000 + year + 35 * 24 * 3600))),
        ("no end",                  200,    json!({"access_token": "t", "token_type": "bearer"}),               Ok(None)),
        ("no token",                200,    json!({"token_type": "bearer"}),                                    Err("auth: the token answer with status 200 has no access_token")),
        ("an empty token",          200,    json!({"access_token": "", "token_type": "bearer"}),                Err("auth: the token answer with status 200 has no access_token")),
        ("no type",                 200,    json!({"access_token": "t"}),                                       Ok(None)),
        ("a type that is null",     200,    json!({"access_token": "t", "token_type": null}),                   Ok(None)),
        ("a type that is empty",    200,    json!({"access_token": "t", "token_type": ""}),                     Ok(None)),
        ("a type of blanks",        200,    json!({"access_token": "t", "token_type": " "}),                    Ok(None)),
        ("a type with blanks",      200,    json!({"access_token": "t", "token_type": "Bearer "}),              Ok(None)),
        ("in upper case",           200,    json!({"access_token": "t", "token_type": "BEARER"}),               Ok(None)),
        ("a word more",             200,    json!({"access_token": "t", "token_type": "BearerToken"}),          Err("auth: the token answer with status 200 is of a type other than bearer")),
        ("a type that is a number", 200,    json!({"access_token": "t", "token_type": 1}),                      Err("auth: the token answer with status 200 has a token_type that is no text")),
        ("text that is no number",  200,    json!({"access_token": "t", "expires_in": "soon"}),                 Ok(None)),
        ("text with a fraction",    200,    json!({"access_token": "t", "expires_in": "60.9"}),                 Ok(Some(1_060))),
        ("text with a sign",        200,    json!({"access_token": "t", "expires_in": "-5"}),                   Ok(Some(1_000))),
        ("text of nothing",         200,    json!({"access_token": "t", "expires_in": " 0 "}),                  Ok(Some(1_000))),
        ("text beyond counting",    200,    json!({"access_token": "t", "expires_in": "99999999999999999999999"}), Ok(Some(1_000 + year + 35 * 24 * 3600))),
        ("no number",               200,    json!({"access_token": "t", "expires_in": "NaN"}),                  Ok(None)),
        ("an error, under 200",     200,    json!({"error": "invalid_client", "error_description": "s3cr3t"}),  Err("auth: the token request was refused with 200: invalid_client")),
        ("an error beside a token", 200,    json!({"access_token": "t", "error": "invalid_scope"}),             Err("auth: the token request was refused with 200: invalid_scope")),
        ("another error, under 200", 200,   json!({"error": {"code": "s3cr3t"}}),                               Err("auth: the token request was refused with 200: no reason that the standard knows")),
        ("no error",                200,    json!({"access_token": "t", "error": null}),                        Ok(None)),
        ("no error in words",       200,    json!({"access_token": "t", "error": ""}),                          Ok(None)),
        ("no error as a number",    200,    json!({"access_token": "t", "error": 0}),                           Ok(None)),
        ("RFC 7009's reason",       400,    json!({"error": "unsupported_token_type"}),                         Err("auth: the token request was refused with 400: unsupported_token_type")),
        ("RFC 8628's reason",       400,    json!({"error": "Slow_Down"}),                                      Err("auth: the token request was refused with 400: slow_down")),
        ("another type",            200,    json!({"access_token": "t", "token_type": "mac"}),                  Err("auth: the token answer with status 200 is of a type other than bearer")),
        ("no object",               200,    json!(["t"]),                                                       Err("auth: the token answer with status 200 has no access_token")),
        ("a header in the token",   200,    json!({"access_token": "t\r\nX: y", "token_type": "bearer"}),       Err("auth: the token answer with status 200 has an access_token that no header may hold")),
        ("a standard reason",       400,    json!({"error": "invalid_grant", "error_description": "s3cr3t"}),   Err("auth: the token request was refused with 400: invalid_grant")),
        ("another reason",          401,    json!({"error": "s3cr3t"}),                                         Err("auth: the token request was refused with 401: no reason that the standard knows")),
    ];
    for (why, status, answer, expected) in rows {
        let status = StatusCode::from_u16(status).unwrap();
        let token = Token::read(status, answer.to_string().as_bytes(), None, NOW);
        let end = token.map(|token| token.expires()).map_err(|error| error.to_string());
        assert_eq!(end, expected.map(|end| end.map(at)).map_err(str::to_owned), "{why}");
    }
    let large = vec![b' '; 64 * 1024 + 1];
    let error = Token::read(StatusCode::OK, &large, None, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn a_type_can_be_required() {
    for (answer, why) in [
        (json!({"access_token": "t"}), "has no token_type, which the scheme requires"),
        (
            json!({"access_token": "t", "token_type": null}),
            "has no token_type, which the scheme requires",
        ),
        (
            json!({"access_token": "t", "token_type": ""}),
            "has no token_type, which the scheme requires",
        ),
        (json!({"access_token": "t", "token_type": "mac"}), "is of a type other than bearer"),
    ] {
        let body = answer.to_string();
        let error =
            Token::read_typed(StatusCode::OK, body.as_bytes(), None, true, NOW).unwrap_err();
        assert_eq!(error.to_string(), format!("auth: the token answer with status 200 {why}"));
    }
    let answer = br#"{"access_token": "t", "token_type": "bearer"}"#;
    assert!(Token::read_typed(StatusCode::OK, answer, None, true, NOW).is_ok());
}

#[test]
fn a_token_lives_as_long_as_it_is_said_to() {
    let skew = Duration::from_secs(30);
    #[rustfmt::skip]
    let rows = [
        // why                                  life    good after that time        and no longer after that
        ("none at all",                         0,      None,                       0),
        ("a second",                            1,      Some(0),                    1),
        ("shorter than the skew",               20,     Some(19),                   20),
        ("as long as the skew",                 30,     Some(29),                   30),
        ("longer: the skew is kept",            31,     Some(0),                    1),
        ("an hour",                             3600,   Some(3569),                 3570),
    ];
    for (why, life, good, over) in rows {
        let answer = json!({"access_token": "t", "expires_in": life}).to_string();
        let token = Token::read(StatusCode::OK, answer.as_bytes(), None, NOW).unwrap();
        let is_fresh = |after: u64| token.is_fresh(skew, NOW.after(Duration::from_secs(after)));
        assert!(good.is_none_or(is_fresh), "{why}");
        assert!(!is_fresh(over), "{why}");
    }
}

#[test]
fn what_is_kept_elsewhere_is_taken_if_it_is_of_use() {
    let skew = Duration::from_secs(30);
    let (lease, poll) = (Duration::from_secs(60), Duration::from_secs(1));
    let token = |name: &str, end| {
        Token::new(Secret::new(name), Some(at(end))).with_refresh(Secret::new(format!("r-{name}")))
    };
    let (old, own, new) = (token("old", 200), token("own", 300), token("new", 900));
    let ask = |slot: &mut TokenSlot, now| slot.next(skew, lease, poll, at(now));
    let last = |step| match step {
        TokenStep::Fetch { last, .. } => last,
        other => panic!("{other:?}"),
    };

    let mut slot = TokenSlot::default();
    slot.offer(new.clone(), skew, at(100));
    assert_eq!(ask(&mut slot, 100), TokenStep::Use(new.clone()), "a fresh one");

    let mut slot = TokenSlot::default();
    slot.offer(old.clone(), skew, at(250));
    assert_eq!(last(ask(&mut slot, 250)), Some(old.clone()), "the refresh token of one that ended");
    slot.offer(new.clone(), skew, at(250));
    assert_eq!(ask(&mut slot, 250), TokenStep::Wait(poll), "nothing while one is under way");

    slot.store(1, own.clone());
    slot.offer(new.clone(), skew, at(250));
    assert_eq!(ask(&mut slot, 250), TokenStep::Use(own.clone()), "nothing that is not needed");
    slot.offer(old, skew, at(290));
    assert_eq!(last(ask(&mut slot, 290)), Some(own.clone()), "nothing that is older");

    slot.store(2, own.clone());
    slot.refuse(&own);
    slot.offer(own.clone(), skew, at(250));
    assert_eq!(last(ask(&mut slot, 250)), Some(own), "nothing that was refused");
}

#[test]
fn one_flight_serves_all_calls() {
    let skew = Duration::from_secs(30);
    let (lease, poll) = (Duration::from_secs(60), Duration::from_secs(1));
    let token = |name: &str, end| Token::new(Secret::new(name), Some(at(end)));
    let (first, second) = (token("t-1", 200), token("t-2", 900));

    let mut slot = TokenSlot::default();
    let ask = |slot: &mut TokenSlot, now| slot.next(skew, lease, poll, at(now));
    assert_eq!(ask(&mut slot, 100), TokenStep::Fetch { flight: 1, last: None });
    assert_eq!(ask(&mut slot, 100), TokenStep::Wait(poll), "somebody fetches");
    assert_eq!(ask(&mut slot, 159), TokenStep::Wait(Duration::from_secs(1)), "the lease ends soon");

    slot.store(1, first.clone());
    assert_eq!(ask(&mut slot, 160), TokenStep::Use(first.clone()));
    assert_eq!(ask(&mut slot, 169), TokenStep::Use(first.clone()), "just outside the skew");
    let fetch = TokenStep::Fetch { flight: 2, last: Some(first.clone()) };
    assert_eq!(ask(&mut slot, 170), fetch, "within the skew of its end");

    let fetch = TokenStep::Fetch { flight: 3, last: Some(first.clone()) };
    assert_eq!(ask(&mut slot, 230), fetch, "the caller of flight 2 vanished");
    slot.release(2);
    assert_eq!(ask(&mut slot, 231), TokenStep::Wait(poll), "flight 2 ends no flight but its own");
    slot.store(3, second.clone());
    slot.store(2, first.clone());
    assert_eq!(ask(&mut slot, 232), TokenStep::Use(second.clone()), "a late answer is older");

    slot.refuse(&first);
    assert_eq!(ask(&mut slot, 233), TokenStep::Use(second.clone()), "another one was refused");
    slot.refuse(&second);
    let fetch = TokenStep::Fetch { flight: 4, last: Some(second.clone()) };
    assert_eq!(ask(&mut slot, 234), fetch, "this one was refused");
    slot.release(4);
    let fetch = TokenStep::Fetch { flight: 5, last: Some(second) };
    assert_eq!(ask(&mut slot, 235), fetch, "flight 4 failed");
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
