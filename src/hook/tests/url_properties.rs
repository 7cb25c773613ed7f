//! What holds for any base, endpoint and parameters.

use core::net::Ipv6Addr;

use super::url::{target, whole};
use crate::base::Origin;
use crate::base::url::form;
use crate::hook::base_url::{BaseParts, BaseUrl};
use proptest::prelude::*;

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z0-9]{1,8}",
        proptest::sample::select(vec![
            "/",
            "//",
            "\\",
            "?",
            "#",
            "@",
            ":",
            "[",
            "]",
            "%",
            "%2",
            "%2e",
            "%2F",
            "%zz",
            "%00",
            "..",
            ".",
            "&",
            "=",
            " ",
            "\t",
            "\r\n",
            "\0",
            "\u{7f}",
            "ü",
            "http://",
            "https:",
            "other.example",
            "::1",
            ":80",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn base(host: &str, schema: &str, port: i64) -> Option<BaseUrl> {
    let mut parts = BaseParts::default();
    (parts.host, parts.schema, parts.port) = (Some(host), Some(schema), Some(port));
    BaseUrl::new(&parts).ok()
}

proptest! {
    #[test]
    fn no_endpoint_leaves_the_origin(
        path in any_text(), endpoint in any_text(), params in any_text(), port in 0_i64..=65_535,
    ) {
        let Some(base) = base(&format!("https://data.example.org/{path}"), "", port) else {
            return Ok(());
        };
        let url = whole(&base, &endpoint, &params).unwrap();
        prop_assert_eq!(url.scheme_str(), Some("https"));
        prop_assert_eq!(url.host(), Some("data.example.org"));
        prop_assert_eq!(url.port_u16().unwrap_or(443), base.origin().port());
        let text = url.to_string();
        prop_assert!(text.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{}", text);
        prop_assert!(!text.contains('#'), "{}", text);
        prop_assert_eq!(text.parse::<http::Uri>().unwrap(), url);
        prop_assert_eq!(&text.parse::<Origin>().unwrap(), base.origin());
    }

    #[test]
    fn any_host_is_refused_or_dialled_as_it_reads(host in any_text(), schema in any_text(), port in any::<i64>()) {
        for schema in [schema.as_str(), "https"] {
            let Some(base) = base(&host, schema, port) else { continue };
            let url = whole(&base, "x", "").unwrap();
            let origin = base.origin();
            prop_assert_eq!(url.authority(), Some(origin.authority()));
            match origin.host().trim_matches(['[', ']']).parse::<Ipv6Addr>() {
                Ok(address) => {
                    let mut words = host.split(['[', ']', '/', '?', '#', ' ']).chain([host.as_str()]);
                    prop_assert!(words.any(|word| word.parse() == Ok(address)), "{} {}", host, address);
                }
                Err(_) => prop_assert!(host.to_ascii_lowercase().contains(origin.host())),
            }
            prop_assert_eq!(&url.to_string().parse::<Origin>().unwrap(), origin);
        }
    }

    #[test]
    fn a_target_changes_only_once(endpoint in any_text(), params in any_text()) {
        let base = base("h", "", 0).unwrap();
        let once = target(&base, &endpoint, &params).unwrap();
        // Unescaped dots are the one thing that a second pass would take out.
        prop_assume!(!once.path().contains("/."));
        let again = target(&base, once.as_str(), "").unwrap();
        prop_assert_eq!(once, again);
    }

    #[test]
    fn what_needs_no_change_is_put_together_as_anything_else(
        path in "(/[a-z.]{0,3}){0,3}/?",
        endpoint in "[a-z/.?=&]{0,8}",
        params in "[a-z=&+]{0,6}",
        other in any_text(),
    ) {
        let base = base(&format!("http://h{path}"), "", 0).unwrap();
        for endpoint in [&endpoint, &other] {
            for params in [&params, &other] {
                let (found, expected) = (target(&base, endpoint, params), base.requoted(endpoint, params));
                prop_assert_eq!(found.unwrap(), expected.unwrap());
            }
        }
    }

    #[test]
    fn form_data_is_read_back(pairs in prop::collection::vec((any_text(), any_text()), 0..4)) {
        let form = form::encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let read: Vec<_> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        prop_assert_eq!(read, pairs);
        let base = base("h", "", 0).unwrap();
        let target = target(&base, "x", &form).unwrap();
        prop_assert_eq!(target.query().unwrap_or_default(), form);
    }
}
