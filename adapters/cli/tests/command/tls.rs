//! Whom a call trusts: `--cacert`, `-k`, and their settings.

use std::fs;

use http_hook_conformance::server::{Handshake, Identity, Reply, serve_tls};

use crate::support::{command, parts, temporary};

/// Why, arguments, environment, and the exit code.
type Row<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)], i32);

#[test]
fn a_certificate_is_verified_unless_that_is_switched_off() {
    let authority = Identity::authority("an authority").unwrap();
    let other = Identity::authority("another").unwrap();
    let identity = authority.sign("a server", &["localhost"]).unwrap();
    let server = serve_tls(Handshake::Tls(identity.acceptor().unwrap().build()));
    let file = |name: &str, identity: &Identity| {
        let path = temporary(name);
        fs::write(&path, identity.certificate_pem().unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (ours, theirs) = (file("ours.pem", &authority), file("theirs.pem", &other));
    #[rustfmt::skip]
    let rows: [Row<'_>; 7] = [
        // why                             arguments              environment                     code
        ("nobody knows the authority",     &[],                   &[],                            7),
        ("it is named",                    &["--cacert", &ours],  &[],                            0),
        ("another one is named",           &["--cacert", &theirs], &[],                           7),
        ("it is set",                      &[],                   &[("HTTP_HOOK_CACERT", &ours)], 0),
        ("an argument counts more",        &["--cacert", &theirs], &[("HTTP_HOOK_CACERT", &ours)], 7),
        ("nothing is verified",            &["-k"],               &[],                            0),
        ("nor against what is set",        &["--insecure"],       &[("HTTP_HOOK_CACERT", &theirs)], 0),
    ];
    for (why, args, environment, code) in rows {
        let route = server.route([Reply::ok(b"hello")]);
        let args = [&["call", "-", route.url(), "--retry=0"], args].concat();
        let output = command(&args).envs(environment.iter().copied()).output().unwrap();
        let (actual, out, err) = parts(&output);
        assert_eq!(actual, Some(code), "{why}: {out}{err}");
        assert_eq!(out == "hello", code == 0, "{why}: {out}");
        let told = ["self-signed", "--cacert FILE names", "-k verifies nothing"];
        let tells = told.iter().all(|what| err.contains(what));
        assert!(code == 0 || tells, "{why}: {err}");
    }
    fs::remove_file(ours).unwrap();
    fs::remove_file(theirs).unwrap();
}

/// libcurl has one code for every certificate that does not pass: all causes are named, and both cures.
#[test]
fn what_may_be_wrong_with_a_certificate_is_told() {
    let authority = Identity::authority("an authority").unwrap();
    let path = temporary("expired.pem");
    fs::write(&path, authority.certificate_pem().unwrap()).unwrap();
    let trusted = path.to_str().unwrap();
    let rows = [
        ("self-signed", Identity::self_signed("a server", &["localhost"]), &[][..]),
        ("expired", authority.sign_for((-9, -2), &["localhost"]), &["--cacert", trusted]),
        ("for another host", authority.sign("a server", &["other.test"]), &["--cacert", trusted]),
        ("an authority that is not known", authority.sign("a server", &["localhost"]), &[]),
    ];
    for (cause, identity, args) in rows {
        let server = serve_tls(Handshake::Tls(identity.unwrap().acceptor().unwrap().build()));
        let route = server.route([Reply::ok(b"hello")]);
        let output = command(&[&["call", "-", route.url(), "--retry=0"], args].concat()).output();
        let (code, _, err) = parts(&output.unwrap());
        assert_eq!(code, Some(7), "{cause}: {err}");
        let told = err.split_whitespace().collect::<Vec<_>>().join(" ");
        // rustls tells that it is this one, against which no authority helps.
        let all = cause != "expired" || cfg!(feature = "native-tls");
        for word in
            [cause, "-k", "--cacert FILE"].into_iter().filter(|word| all || !word.contains("FILE"))
        {
            assert!(told.contains(word), "{cause}: {word}: {err}");
        }
    }
    fs::remove_file(path).unwrap();
}
