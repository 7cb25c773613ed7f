//! Where a transport may send to.

use http_hook::transport::check_target;
use http_hook::{Sent, TransportErrorKind as Kind};

#[test]
fn a_target_is_what_it_says() {
    #[rustfmt::skip]
    let rows = [
        // why                              URL                             may be sent to
        ("a name",                          "http://api.test/a",            true),
        ("a name with a port",              "https://api.test:8443/a",      true),
        ("a label that starts with one",    "http://api.1test/",            true),
        ("a number within",                 "http://1.test/",               true),
        ("hexadecimal within",              "http://0x7f.test/",            true),
        ("an address",                      "http://127.0.0.1:80/",         true),
        ("an address of version 6",         "http://[::1]:80/",             true),
        ("in capitals",                     "http://[FE80::A]/",            true),
        ("with an address of version 4",    "http://[::ffff:127.0.0.1]/",   true),
        ("two numbers",                     "http://127.1/",                false),
        ("one number",                      "http://2130706433/",           false),
        ("hexadecimal",                     "http://0x7f.0.0.1/",           false),
        ("hexadecimal at the end",          "http://127.0.0.0x1/",          false),
        ("nothing after the prefix",        "http://127.0.0.0x/",           false),
        ("in capitals",                     "http://127.0.0.0X1/",          false),
        ("octal",                           "http://0177.0.0.1/",           false),
        ("with a dot at the end",           "http://127.0.0.1./",           false),
        ("zero",                            "http://0/",                    false),
        ("too large",                       "http://1.2.3.256/",            false),
        ("five",                            "http://1.2.3.4.5/",            false),
        ("a number at the end of a name",   "http://foo.09/",               false),
        ("not as short as it could be",     "http://[0:0:0:0:0:0:0:1]/",    false),
        ("zeros in front",                  "http://[::0001]/",             false),
        ("user info",                       "http://reader@api.test/",      false),
        ("no host",                         "/path",                        false),
        ("another scheme",                  "ftp://api.test/",              false),
    ];
    for (why, url, may) in rows {
        let told = check_target(&url.parse().expect(why));
        let error = told.as_ref().err().map(|error| (error.kind(), error.sent()));
        assert_eq!(error, (!may).then_some((Kind::InvalidRequest, Sent::No)), "{why}: {url}");
    }
}
