//! Digest authentication: the vectors of RFC 7616, and what a server may do to a session.

use crate::auth::Challenge;
use crate::auth::digest::DigestSession;
use crate::base::Secret;
use http::Method;

fn start(challenge: &str) -> Option<DigestSession> {
    DigestSession::start(&Challenge::parse(challenge.as_bytes()).unwrap(), 7)
}

/// Returns a parameter of the response.
fn part(answer: &str, name: &str) -> Option<String> {
    let all = Challenge::parse(answer.as_bytes()).unwrap();
    all[0].parameter(name).map(str::to_owned)
}

fn answer(session: &mut DigestSession, target: &str) -> String {
    let password = Secret::new("p");
    let value = session.answer("u", &password, &Method::POST, target, Some(b"body")).unwrap();
    assert!(value.is_sensitive());
    value.to_str().unwrap().to_owned()
}

#[test]
fn the_vectors_of_the_standard() {
    let mufasa = r#"realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    let doe = r#"realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8"#;
    let (one, two) = (
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    );
    let sha512 = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    let hashed = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    #[rustfmt::skip]
    let rows = [
        // why                      challenge                                       login       password            target              nonce  user        response
        ("§3.9.1, MD5",             format!("Digest {mufasa}, algorithm=MD5"),      "Mufasa",   "Circle of Life",   "/dir/index.html",  one, "Mufasa",    "8ca523f5e9506fed4657c9700eebdbec"),
        ("§3.9.1, SHA-256",         format!("Digest {mufasa}, algorithm=SHA-256"),  "Mufasa",   "Circle of Life",   "/dir/index.html",  one, "Mufasa",    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("§3.9.2, erratum 4897",    format!("Digest {doe}, userhash=true"),         "Jäsøn Doe", "Secret, or not?", "/doe.json",        two, hashed,      sha512),
        ("the same in clear",       format!("Digest {doe}"),                        "Jäsøn Doe", "Secret, or not?", "/doe.json",        two, "UTF-8''J%C3%A4s%C3%B8n%20Doe", sha512),
    ];
    for (why, challenge, login, password, target, nonce, user, response) in rows {
        let mut session = start(&challenge).unwrap().with_client_nonce(nonce);
        let value = session.answer(login, &Secret::new(password), &Method::GET, target, None);
        let value = value.unwrap().to_str().unwrap().to_owned();
        // `username*` is an extended value, which is no quoted text: the reader knows it as a token.
        let name = if value.contains("username*=") { "username*" } else { "username" };
        let value =
            value.replace("UTF-8''J%C3%A4s%C3%B8n%20Doe", "\"UTF-8''J%C3%A4s%C3%B8n%20Doe\"");
        assert_eq!(part(&value, name).as_deref(), Some(user), "{why}");
        assert_eq!(part(&value, "response").as_deref(), Some(response), "{why}");
        assert_eq!(part(&value, "nc").as_deref(), Some("00000001"), "{why}");
        assert_eq!(part(&value, "cnonce").as_deref(), Some(nonce), "{why}");
    }
}

#[test]
fn every_algorithm_and_quality() {
    #[rustfmt::skip]
    let rows = [
        // algorithm            qop                 response, by an independent reader (Python's hashlib)
        ("MD5",                 Some("auth"),       "711b64b3d14b7a240b68db19fc05b7bb"),
        ("MD5",                 Some("auth-int"),   "c4ce50f31993aa18d860cbc7afd0bf00"),
        ("MD5",                 None,               "6552df57e40956786a396c616a453831"),
        ("MD5-sess",            Some("auth"),       "92e33ce0e9cd9b927eed153b0398b560"),
        ("MD5-sess",            Some("auth-int"),   "1e2f92dbf5d881c9e7b8705eea9c24d7"),
        ("MD5-sess",            None,               "6198f39cdbe20198dd22e8d04ddaf5e9"),
        ("SHA-256",             Some("auth"),       "292f06b9c119d65b9c3ca4e0f813217b59d4986e56b5d5e239a55b3e0c96aef6"),
        ("SHA-256",             Some("auth-int"),   "e6d6c63985c7d1b188d7055047bd46fc5d913b3ef3334b658ece7b4af1206bd2"),
        ("SHA-256",             None,               "cdbca35ff92b75a5f16e80deb961e7c9594bd73b98c463a0f8aeda4971a2ea6e"),
        ("SHA-256-sess",        Some("auth"),       "936351a19d43f9cf19901ff150859242a8376111d9cd8cd44d19eb2a39a84b06"),
        ("sha-256-SESS",        Some("auth-int"),   "baee7d6cbd2bf9f14797487cd3b73550c26fa03dbf945961be5512a4b64bfb04"),
        ("SHA-256-sess",        None,               "179c4e038d15719f562f33a8169761fbea689b9564fac223b9c9437410ea8a34"),
        ("SHA-512-256",         Some("auth"),       "a9bfbd56b9da780976ea7d39595e4928a5d60c40752e7732fb29789f5ffdbf81"),
        ("SHA-512-256",         Some("auth-int"),   "292eb6c99e31a563820d32612055fd948e855f1aec61fb2c4440eeb71865fc14"),
        ("SHA-512-256",         None,               "a2af32e806f55cb874afa053600f1614a26e13d69765479b77c30cc7c6f858b0"),
        ("SHA-512-256-sess",    Some("auth"),       "44fbf5c4ed58fb2648afe7d834e6903535749ef58dac98a6b397b006d1d73709"),
        ("SHA-512-256-sess",    Some("auth-int"),   "b5871ffae6ab5afc80a71a86a02d0b31f2e028e612d1afe61974f223544060b6"),
        ("SHA-512-256-sess",    None,               "70934d747746507af40757cbd390246126415d0a9a7169d02375dd8d601367d0"),
    ];
    for (algorithm, qop, response) in rows {
        let qop_part = qop.map(|qop| format!(", qop=\"{qop}\"")).unwrap_or_default();
        let challenge = format!("Digest realm=r, nonce=n, algorithm={algorithm}{qop_part}");
        let mut session = start(&challenge).unwrap().with_client_nonce("c");
        let value = answer(&mut session, "/p?q=1");
        assert_eq!(part(&value, "response").as_deref(), Some(response), "{algorithm} {qop:?}");
        assert_eq!(part(&value, "qop").as_deref(), qop, "{algorithm}");
    }
}

#[test]
fn the_first_challenge_that_can_be_answered() {
    #[rustfmt::skip]
    let rows = [
        ("no algorithm is MD5",             "Digest realm=r, nonce=n",                                      Some(None)),
        ("the first",                       "Digest realm=r, nonce=n, algorithm=SHA-256, Digest realm=r, nonce=m, algorithm=MD5", Some(Some("SHA-256"))),
        ("the first that is known",         "Digest realm=r, nonce=n, algorithm=FOO-1, Digest realm=r, nonce=m, algorithm=MD5", Some(Some("MD5"))),
        ("behind another scheme",           "Basic realm=r, Digest realm=r, nonce=n, algorithm=MD5",        Some(Some("MD5"))),
        ("recorded: no other kind",         "Basic realm=r",                                                None),
        ("recorded: algorithm unknown",     "Digest realm=r, nonce=n, algorithm=FOO-1",                     None),
        ("quality unknown",                 "Digest realm=r, nonce=n, qop=\"x\"",                           None),
        ("no nonce",                        "Digest realm=r",                                               None),
    ];
    for (why, challenge, expected) in rows {
        let algorithm =
            start(challenge).map(|mut session| part(&answer(&mut session, "/"), "algorithm"));
        assert_eq!(algorithm, expected.map(|name| name.map(str::to_owned)), "{why}");
    }
}

#[test]
fn what_is_not_needed_spoils_nothing() {
    let good = answer(&mut start("Digest realm=r, nonce=n").unwrap().with_client_nonce("c"), "/");
    for challenge in [
        "Digest realm=\"r\", nonce=\"n\", qop=\"\"",
        "Digest realm=r, nonce=n, qop=",
        "Digest realm=r, nonce=n, qop=\", \"",
        "Digest realm=r, nonce=n, opaque=, domain=/",
        "Digest realm=r, nonce=n, opaque=\"\", domain=http://h/",
        "Digest realm=r, nonce=n, algorithm=",
        "Digest realm=r, nonce=n, domain=\"/\" x, stale=maybe, charset=x",
        "Digest realm=r, nonce=n, domain=\"/",
        "Digest realm=\"r\" nonce=\"n\"",
        "Basic realm=a, realm=b, Digest realm=r, nonce=n",
        "Basic realm=My \"Device, Digest\" x, Digest realm=r, nonce=n",
    ] {
        let mut session = start(challenge).unwrap_or_else(|| panic!("{challenge}"));
        assert_eq!(answer(&mut session, "/"), good, "{challenge}");
    }
    let twice = "Digest realm=r, nonce=n, algorithm=MD5, algorithm=SHA-256, algorithm=SHA-256";
    let algorithm = part(&answer(&mut start(twice).unwrap(), "/"), "algorithm");
    assert_eq!(algorithm.as_deref(), Some("SHA-256"), "the last one, as in the original");
    let list = "Digest realm=r, qop=auth-int,auth, nonce=MTQ0==";
    let value = answer(&mut start(list).unwrap(), "/");
    assert_eq!(part(&value, "qop").as_deref(), Some("auth"));
    assert_eq!(part(&value, "nonce").as_deref(), Some("MTQ0=="));
}

#[test]
fn a_session_counts_and_renews() {
    let mut session = start("Digest realm=r, nonce=n1, qop=auth").unwrap();
    let mut seen = Vec::new();
    let mut check = |session: &mut DigestSession, nonce: &str, count: &str| {
        let value = answer(session, "/");
        assert_eq!(part(&value, "nonce").as_deref(), Some(nonce));
        assert_eq!(part(&value, "nc").as_deref(), Some(count));
        let client = part(&value, "cnonce").unwrap();
        assert!(client.len() == 32 && !seen.contains(&client), "{client}");
        seen.push(client);
    };
    check(&mut session, "n1", "00000001");
    check(&mut session, "n1", "00000002");

    let ask = |text: &str| Challenge::parse(text.as_bytes()).unwrap();
    assert!(!session.renew(&ask("Digest realm=r, nonce=n2, qop=auth")), "wrong password");
    assert!(
        !session.renew(&ask("Digest realm=r, nonce=n1, qop=auth, stale=true")),
        "the same nonce"
    );
    assert!(
        !session.renew(&ask("Digest realm=x, nonce=n2, qop=auth, stale=true")),
        "another realm"
    );
    assert!(session.renew(&ask("Digest realm=r, nonce=n2, qop=auth, stale=TRUE")), "stale");
    check(&mut session, "n2", "00000001");

    session.take_next_nonce(b"qop=auth, nextnonce=\"n3\", rspauth=\"x\"");
    check(&mut session, "n3", "00000001");
    session.take_next_nonce(b"rspauth=\"x\"");
    session.take_next_nonce(b"nextnonce=\"");
    check(&mut session, "n3", "00000002");

    let mut given = start("Digest realm=r, nonce=n1, qop=auth").unwrap().with_client_nonce("c");
    assert!(given.renew(&ask("Digest realm=r, nonce=n2, qop=auth, stale=true")));
    let value = answer(&mut given, "/");
    assert_eq!(part(&value, "nonce").as_deref(), Some("n2"));
    assert_eq!(part(&value, "cnonce").as_deref(), Some("c"), "one that was given stays");
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let mut session = start("Digest realm=r, nonce=n, qop=\"auth-int\"").unwrap();
    let password = Secret::new("hunter2");
    let error = session.answer("u", &password, &Method::POST, "/", None).unwrap_err();
    assert!(error.to_string().contains("not at hand"), "{error}");

    let mut session = start("Digest realm=r, nonce=n").unwrap();
    let value = session.answer("a\"b\\c", &password, &Method::GET, "/", None).unwrap();
    assert_eq!(part(value.to_str().unwrap(), "username").as_deref(), Some("a\"b\\c"));
    assert!(session.answer("a\nb", &password, &Method::GET, "/", None).is_err());
    assert!(!format!("{session:?}").contains("hunter2"));
}

#[test]
fn the_same_seed_gives_the_same_nonce_for_ever() {
    let mut one = start("Digest realm=r, nonce=n, qop=auth").unwrap();
    let mut two = one.clone();
    assert_eq!(answer(&mut one, "/"), answer(&mut two, "/"));
    assert_eq!(
        part(&answer(&mut one, "/"), "cnonce").as_deref(),
        Some("795997a62a9382d1533eaab36a699e76")
    );
}

#[test]
fn a_challenge_sends_back_nothing_that_a_header_may_not_hold() {
    let rows = [
        ("visible ASCII", "a b~".to_owned(), true),
        ("a tab", "a\tb".to_owned(), true),
        ("beyond ASCII", "ü".to_owned(), false),
        ("a C1 control character", "\u{8d}".to_owned(), false),
    ];
    for (why, text, passes) in rows {
        for challenge in [
            format!(r#"Digest realm="{text}", nonce="n""#),
            format!(r#"Digest realm="r", nonce="{text}""#),
            format!(r#"Digest realm="r", nonce="n", opaque="{text}""#),
        ] {
            let asked = Challenge::parse(challenge.as_bytes()).expect("a challenge");
            let mut session = DigestSession::start(&asked, 7).expect("an algorithm that is known");
            let answer = session.answer("u", &Secret::new("p"), &Method::GET, "/", None);
            assert_eq!(answer.is_ok(), passes, "{challenge:?}: {why}");
        }
    }
}
