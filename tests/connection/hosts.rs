//! Hosts have one normal form, wherever they stand; what only some readers take for an address is an error that gives it.

use core::net::{Ipv4Addr, Ipv6Addr};

use http::uri::Authority;
use http_hook::cookies::Jar;
use http_hook::options::{Proxies, Proxy, Setting};
use http_hook::{Connection, Hook, Options, Origin, RequestPlan, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Scenario, response};

/// Numbers that resolvers read as addresses, and the addresses.
const NUMBERS: [(&str, &str); 24] = [
    ("127.1", "127.0.0.1"),
    ("127.0.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("127.1.", "127.0.0.1"),
    ("0x7f.1", "127.0.0.1"),
    ("0x7f.0.0.1", "127.0.0.1"),
    ("0X7F.0x0.0X0.0x1", "127.0.0.1"),
    ("0x7f000001", "127.0.0.1"),
    ("0x7F000001.", "127.0.0.1"),
    ("0177.0.0.1", "127.0.0.1"),
    ("0177.0x0.1", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("00000000000000000000000000000177.1", "127.0.0.1"),
    ("127.0.0.01", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("2130706433.", "127.0.0.1"),
    ("0", "0.0.0.0"),
    ("0.", "0.0.0.0"),
    ("00", "0.0.0.0"),
    ("0x", "0.0.0.0"),
    ("4294967295", "255.255.255.255"),
    ("192.168.257", "192.168.1.1"),
    ("10.65535", "10.0.255.255"),
    ("010.0.0.1", "8.0.0.1"),
];

/// What a hook of this connection text, or of this host, is refused for.
fn refused(connection: &Connection) -> String {
    let error = Hook::new(connection).expect_err("a host in another form");
    error.to_string()
}

#[test]
fn a_number_that_is_an_address_to_some_is_an_error_everywhere() {
    for (host, address) in NUMBERS {
        let says = |place: &str, text: String| {
            assert!(text.contains(&format!("write {address}")), "{place}, {host}: {text}");
        };
        let origin = format!("https://{host}:8443/v1").parse::<Origin>();
        says("origin", origin.expect_err("an error").to_string());
        for base in [host.to_owned(), format!("https://{host}"), format!("http://u:p@{host}:80/v1")]
        {
            says("host", refused(&Connection::new().with_host(&base)));
            says("host and port", refused(&Connection::new().with_host(&base).with_port(80)));
        }
        for uri in [
            format!("http://u:p@{host}"),
            format!("https://{host}:8443/https"),
            format!("http://https%3A%2F%2F{host}%2Fv1"),
        ] {
            says("URI", refused(&Connection::parse(&uri).expect("a URI")));
        }
        let api = || Connection::new().with_host("https://api.test");
        let extra = |extra: serde_json::Value| refused(&api().with_extra(extra.to_string()));
        let url = format!("http://{host}:3128");
        says("proxy", extra(json!({"proxies": {"all": url}})));
        says("proxy without a scheme", extra(json!({"proxy": {"https": format!("{host}:3128")}})));
        says(
            "target of a proxy",
            extra(json!({"proxies": {url.replace(":3128", ""): "http://p.test"}})),
        );
        says("no_proxy", extra(json!({"proxies": {"no_proxy": format!("a.test, {host}")}})));
        let auth = json!({
            "scheme": "oauth2_client_credentials", "token_url": format!("https://{host}/token"),
            "client_id": "a", "client_secret": "b",
        });
        says("token URL", extra(json!({"http_hook": {"auth": auth}})));

        for variables in [
            vec![("https_proxy", format!("http://u:p@{host}"))],
            vec![("all_proxy", format!("{host}:1"))],
            vec![
                ("https_proxy", "http://p.test".to_owned()),
                ("no_proxy", format!("a.test,{host}")),
            ],
            vec![("https_proxy", "http://p.test".to_owned()), ("no_proxy", format!("{host}:443"))],
        ] {
            let connection = Connection::new().with_host("https://10.0.0.1");
            let builder = Hook::builder(&connection).environment(variables);
            says("environment", builder.build().expect_err("an error").to_string());
        }

        let hook = Hook::new(&api()).expect("a hook");
        let escaped = host.bytes().fold(String::new(), |all, byte| format!("{all}%{byte:02x}"));
        for location in
            [format!("https://{host}/x"), format!("//u:p@{host}:80"), format!("https://{escaped}/")]
        {
            let played = Scenario::new(&hook, RequestPlan::get("a"))
                .run(|_| Ok(response(302, &[("location", &location)], "")));
            assert_eq!(played.sends.len(), 1, "{location}");
            let failure = played.result.expect_err("it is not followed");
            let text = format!("{failure} {failure:?}");
            says("Location", text);
        }

        let mut jar = Jar::for_domains();
        let own: Origin = format!("http://{address}").parse().expect("an origin");
        let set = format!("a=1; Domain={host}");
        assert!(!jar.set(&own, "/", set.as_bytes(), Timestamp::default()), "{host}");
    }
}

#[test]
fn numbers_that_are_no_address_are_errors() {
    for host in [
        "4294967296",
        "256.0.0.1",
        "1.2.3.256",
        "1.2.3.4.5",
        "1.2.3.4.0",
        "1.2.3.4.0x0",
        "1.2.3.4.5.0",
        "1.16777216",
        "08.0.0.1",
        "1.2.3.09",
        "0x100.1",
        "0x1ffffffff",
        "99999999999999999999999999",
    ] {
        let text = refused(&Connection::new().with_host(host));
        assert!(text.contains("numbers that are no address"), "{host}: {text}");
    }
}

#[test]
fn a_scheme_that_lacks_a_sign_is_no_host() {
    for host in ["https:/api.example.com/v1", "HTTP:/h.test", "https//h.test", "https:", "http:/"] {
        let says = refused(&Connection::new().with_host(host));
        assert!(says.contains("connection.host: a scheme is followed by ://"), "{host}: {says}");
    }
    for host in ["https", "http.test/a", "https:8080/a", "http/a"] {
        Hook::new(&Connection::new().with_host(host)).expect(host);
    }
}

#[test]
fn a_host_has_one_form() {
    #[rustfmt::skip]
    let rows = [
        // why                          written                             host                    Host
        ("letter case",                 "API.Test",                         "api.test",             "api.test"),
        ("a dot at the end",            "api.test.",                        "api.test",             "api.test"),
        ("and a port",                  "api.test.:8443",                   "api.test",             "api.test:8443"),
        ("one label",                   "localhost.",                       "localhost",            "localhost"),
        ("four numbers",                "127.0.0.1",                        "127.0.0.1",            "127.0.0.1"),
        ("a number among names",        "10.api.test",                      "10.api.test",          "10.api.test"),
        ("a last label of digits",      "api.09",                           "api.09",               "api.09"),
        ("hexadecimal, almost",         "0x7g",                             "0x7g",                 "0x7g"),
        ("IPv6, short",                 "[::1]",                            "[::1]",                "[::1]"),
        ("IPv6, long",                  "[0:0:0:0:0:0:0:1]",                "[::1]",                "[::1]"),
        ("IPv6, with zeros",            "[2001:0DB8:0000::00a]:8443",       "[2001:db8::a]",        "[2001:db8::a]:8443"),
        ("the longest run of zeros",    "[1:0:0:2:0:0:0:3]",                "[1:0:0:2::3]",         "[1:0:0:2::3]"),
        ("one zero is no run",          "[1:2:3:4:5:6::8]",                 "[1:2:3:4:5:6:0:8]",    "[1:2:3:4:5:6:0:8]"),
        ("IPv4 in IPv6",                "[::FFFF:7f00:1]",                  "[::ffff:127.0.0.1]",   "[::ffff:127.0.0.1]"),
    ];
    for (why, written, host, header) in rows {
        let url = format!("https://u:p@{written}/v1");
        let origin: Origin = url.parse().expect(why);
        assert_eq!((origin.host(), origin.host_header().as_str()), (host, header), "{why}");
        assert_eq!(origin.authority().as_str(), header, "{why}: the same to the client");
        let hook = Hook::to(&url).expect(why);
        assert_eq!(hook.origin(), &origin, "{why}");
        let request = Scenario::new(&hook, RequestPlan::get("a")).sending().request;
        assert_eq!(request.uri().authority(), Some(origin.authority()), "{why}");
        let home = format!("https://{header}/x");
        for (location, leads_to) in [(url.as_str(), header), (home.as_str(), header)] {
            let played = Scenario::new(&hook, RequestPlan::get("a")).run(|number| {
                let status = if number == 0 { 302 } else { 200 };
                Ok(response(status, &[("location", location)], ""))
            });
            let (request, ..) = &played.sends[1];
            assert_eq!(request.uri().authority().map(Authority::as_str), Some(leads_to), "{why}");
            assert!(request.headers().contains_key("authorization"), "{why}: it is at home");
        }
    }
}

/// Of environment, origin and options: through the proxy, or not.
fn goes_by_proxy(origin: &str, no_proxy: &str) -> bool {
    let environment = [("all_proxy", "http://p.test"), ("no_proxy", no_proxy)];
    let connection = Connection::new().with_host(origin);
    let hook = Hook::builder(&connection).environment(environment).build();
    let hook = hook.expect(no_proxy).for_client(http_hook_mock::everything("test"));
    let sending = Scenario::new(&hook, RequestPlan::get("a")).sending();
    sending.options.client.proxy.is_some()
}

#[test]
fn no_proxy_compares_what_is_meant() {
    #[rustfmt::skip]
    let rows = [
        // host                             no_proxy                    goes without
        ("http://localhost.",               "localhost",                true),
        ("http://localhost",                "localhost.",               true),
        ("http://inner.test.",              "inner.test",               true),
        ("http://a.inner.test",             ".inner.test.",             true),
        ("http://a.inner.test.:81",         "Inner.Test.:81",           true),
        ("http://inner.test:82",            "inner.test.:81",           false),
        ("http://test",                     ".",                        false),
        ("http://[0:0:0:0:0:0:0:1]",        "::1",                      true),
        ("http://[::1]",                    "0:0:0:0:0:0:0:1",          true),
        ("http://[::1]",                    "[::1]",                    true),
        ("http://[::1]:81",                 "[::1]:81",                 true),
        ("http://[::1]:82",                 "[::1]:81",                 false),
        ("http://[::1]",                    "::2",                      false),
        ("http://[fd00::1]",                "fd00::/8",                 true),
        ("http://[fe00::1]",                "fd00::/8",                 false),
        ("http://[fd00::1]",                "fd00::/129",               false),
        ("http://[fd00::1]",                "[fd00::]/8",               true),
        ("http://[fe00::1]",                "[fd00::]/8",               false),
        ("http://[fd00::1]:81",             "[fd00::]/8:81",            true),
        ("http://[fd00::1]:82",             "[fd00::]/8:81",            false),
        ("http://10.0.0.1",                 "[10.0.0.0]/8",             false),
        ("http://[fd00::1]",                "::/0",                     true),
        ("http://[fd00::1]",                "[::]/0",                   true),
        ("http://10.0.0.1",                 "::/0",                     false),
        ("http://10.0.0.1",                 "0.0.0.0/0",                true),
        ("http://[::ffff:10.0.0.1]",        "0.0.0.0/0",                true),
        ("http://[fd00::1]",                "0.0.0.0/0",                false),
        ("http://10.0.0.1",                 "10.0.0.0/33",              false),
        ("http://10.0.0.1",                 "10.0.0.0/0",               false),
        ("http://a.test",                   "0.0.0.0/0, ::/0",          false),
        ("http://[::ffff:127.0.0.1]",       "127.0.0.1",                true),
        ("http://[::ffff:7f00:1]",          "127.0.0.0/8",              true),
        ("http://127.0.0.1",                "::ffff:127.0.0.1",         true),
        ("http://127.0.0.1",                "::ffff:127.0.0.0/104",     true),
        ("http://127.0.0.1:81",             "127.0.0.1:81",             true),
        ("http://127.0.0.1:82",             "127.0.0.1:81",             false),
        ("http://128.0.0.1",                "127.0.0.0/8",              false),
        ("http://1.10.0.0.1.nip.test",      "10.0.0.1",                 false),
        ("http://a.test",                   "127.1, a.test",            true),
    ];
    for (host, no_proxy, without) in rows {
        assert_eq!(!goes_by_proxy(host, no_proxy), without, "{host}: {no_proxy}");
    }
}

#[test]
fn the_host_of_a_proxy_s_target_is_compared_in_its_normal_form() {
    let rows = [
        ("https://api.test.", "https://API.test", true),
        ("https://api.test", "https://api.test.", true),
        ("https://[0:0::1]", "https://::1", true),
        ("https://[::1]", "https://[0:0::1]", true),
        ("https://[::1]", "all://0:0::1", true),
        ("https://api.test", "http://api.test", false),
        ("https://api.test", "all://apitest", false),
    ];
    for (host, target, chosen) in rows {
        let proxy = Proxy::parse("http://p.test").expect("a proxy");
        let mut options = Options::default();
        let by_target = vec![(target.to_owned(), proxy)];
        options.proxies = Setting::Set(Proxies { by_target, no_proxy: None });
        let hook = Hook::builder(&Connection::new().with_host(host)).options(options).build();
        let hook = hook.expect("a hook").for_client(http_hook_mock::everything("test"));
        let sending = Scenario::new(&hook, RequestPlan::get("a")).sending();
        assert_eq!(sending.options.client.proxy.is_some(), chosen, "{host}: {target}");
    }
}

/// One number as resolvers read it.
fn spelled(number: u64, radix: u8) -> String {
    match radix % 5 {
        0 => format!("0{number:o}"),
        1 => format!("0x{number:x}"),
        2 => format!("0X{number:08X}"),
        3 => format!("000{number:o}"),
        _ => number.to_string(),
    }
}

proptest! {
    #[test]
    fn any_spelling_of_an_ipv4_address_is_that_address_or_an_error_that_gives_it(
        bits in prop_oneof![any::<u32>(), 0_u32..256, Just(0x7f00_0001), Just(u32::MAX)],
        parts in 1_usize..=4, radix in any::<[u8; 4]>(), dot in any::<bool>(),
    ) {
        let address = Ipv4Addr::from(bits);
        let octets = address.octets();
        let mut labels: Vec<String> =
            (0..parts - 1).map(|at| spelled(octets[at].into(), radix[at])).collect();
        let rest = octets[parts - 1..].iter().fold(0, |rest, octet| rest << 8 | u64::from(*octet));
        labels.push(spelled(rest, radix[3]));
        let host = labels.join(".") + if dot { "." } else { "" };
        match format!("http://{host}").parse::<Origin>() {
            Ok(origin) => {
                prop_assert_eq!(&host, &address.to_string());
                prop_assert_eq!(origin.host(), host);
            }
            Err(error) => prop_assert!(error.to_string().ends_with(&format!(" {address}")), "{host}: {error}"),
        }
    }

    #[test]
    fn any_spelling_of_an_ipv6_address_is_one_host(
        groups in prop::array::uniform8(prop_oneof![Just(0_u16), any::<u16>()]),
        upper in any::<bool>(), padded in any::<bool>(), from in 0_usize..8, len in 0_usize..8,
    ) {
        let address = Ipv6Addr::from(groups);
        let one = |group: &u16| match (upper, padded) {
            (true, true) => format!("{group:04X}"),
            (true, false) => format!("{group:X}"),
            (false, true) => format!("{group:04x}"),
            (false, false) => format!("{group:x}"),
        };
        let all = |groups: &[u16]| groups.iter().map(one).collect::<Vec<_>>().join(":");
        let to = (from + len).min(8);
        let text = if to > from && groups[from..to].iter().all(|group| *group == 0) {
            format!("{}::{}", all(&groups[..from]), all(&groups[to..]))
        } else {
            all(&groups)
        };
        let origin: Origin = format!("http://[{text}]:81").parse().expect("an address");
        prop_assert_eq!(origin.host(), format!("[{address}]"));
        prop_assert_eq!(&origin, &format!("http://[{address}]:81").parse().expect("an address"));
        let by_proxy = goes_by_proxy(&format!("http://[{text}]"), &address.to_string());
        prop_assert!(!by_proxy, "{}", text);
    }
}
