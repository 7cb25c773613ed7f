//! Tokens: what is asked for, what is answered, who fetches.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{StatusCode, Uri};
use serde_json::json;

use crate::auth::ready::Auth;
use crate::auth::token_slot::{TokenKey, TokenSlot, TokenStep};
use crate::auth::{AuthScheme, OAuth2, Token};
use crate::base::{ErrorKind, Secret, Timestamp};
use crate::options::Verify;

fn at(seconds: u64) -> Timestamp {
    Timestamp::new(Duration::from_secs(seconds))
}

const NOW: Timestamp = Timestamp::new(Duration::from_secs(1_000));

#[test]
fn an_answer_is_read_up_to_its_limit() {
    let whole = 64 * 1024;
    for (len, fits) in [(whole - 1, true), (whole, true), (whole + 1, false), (2 * whole, false)] {
        let mut answer = br#"{"access_token":"t","token_type":"bearer"}"#.to_vec();
        answer.resize(len, b' ');
        let read = Token::read(StatusCode::OK, &answer, None, NOW);
        assert_eq!(
            read.map(|_| ()).map_err(|error| error.kind()),
            if fits { Ok(()) } else { Err(ErrorKind::Limit) },
            "{len}"
        );
    }
}

#[test]
fn a_life_is_cut_at_400_days() {
    const CUT: u64 = 400 * 24 * 60 * 60;
    for (said, life) in
        [(CUT - 1, CUT - 1), (CUT, CUT), (CUT + 1, CUT), (2 * CUT, CUT), (u64::MAX, CUT)]
    {
        for said in [json!(said), json!(said.to_string())] {
            let answer = json!({"access_token": "t", "expires_in": said}).to_string();
            let token = Token::read(StatusCode::OK, answer.as_bytes(), None, NOW).unwrap();
            let life = Duration::from_secs(life);
            assert_eq!(token.life(), Some(life), "{said}");
            assert_eq!(token.expires(), Some(NOW.after(life)), "{said}");
        }
    }
}

#[test]
fn what_is_kept_is_named_and_tells_nothing() {
    let own = OAuth2::client_credentials("https://id.test/t", "svc", Secret::new("pw-917"));
    let (origin, endpoint) =
        ("https://api.test".parse().unwrap(), Uri::from_static("https://id.test/t"));
    let key = TokenKey::of("api", &origin, &endpoint, &Verify::System, &own).unwrap();
    assert!(key.as_str().contains("svc"), "{}", key.as_str());
    assert_eq!(format!("{key:?}"), "TokenKey");
    let auth = Auth::new(AuthScheme::OAuth2(Box::new(own)), None).unwrap();
    assert_eq!(format!("{auth:?}"), "Auth");
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
    in_body.secret_in_form = true;
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
        ("HTTP://id.test/t",                false,      Err("auth.token_url: it is http, and would send the client's secret unencrypted; write https, or set `allow_http`")),
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
fn a_token_is_believed_for_no_longer_than_it_was_ever_good_for() {
    const YEAR: u64 = 365 * 24 * 60 * 60;
    let (skew, life) = (Duration::from_secs(30), Duration::from_secs(100));
    let ahead = NOW.after(Duration::from_secs(50 * YEAR));
    let answer = json!({"access_token": "t", "expires_in": 100}).to_string();
    let token = Token::read(StatusCode::OK, answer.as_bytes(), None, ahead).unwrap();
    assert_eq!(token.life(), Some(life));
    assert!(token.is_fresh(skew, ahead), "by the clock that it came by");
    assert!(!token.is_fresh(skew, NOW), "once that clock is right again");
    let kept = Token::new(token.access().clone(), token.expires());
    assert!(kept.is_fresh(skew, NOW), "nobody knows how long it was good for");
    assert!(!kept.with_life(life).is_fresh(skew, NOW));
    let short = Token::new(Secret::new("t"), Some(at(20))).with_life(Duration::from_secs(20));
    assert!(short.is_fresh(skew, at(19)), "shared to its end");
    assert!(token.is_fresh(skew, ahead.before(Duration::from_secs(59))), "a clock is set");
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
