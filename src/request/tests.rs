//! The texts of a call, given in any order, come out as they were given.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::record::Kind;
use super::text::CallText;
use super::woven::{Below, marks};
use crate::base::url::form;
use crate::base::url::joint::Joint;
use crate::base::{Error, ErrorKind, Origin};
use crate::options::Options;
use crate::options::in_force::InForce;

#[derive(Clone, Debug)]
enum Given {
    Header(String, String),
    Without(String),
    Param(String, String),
    Params(String),
    Proof(String),
    Refused(String),
}

fn any_given() -> impl Strategy<Value = Given> {
    let name = || "[A-Za-z0-9-]{1,12}";
    let value = || "([!-~]([ -~\t]{0,20}[!-~])?)?";
    prop_oneof![
        (name(), value()).prop_map(|(name, value)| Given::Header(format!("x{name}"), value)),
        name().prop_map(|name| Given::Without(format!("X{name}"))),
        (".{0,8}", ".{0,8}").prop_map(|(name, value)| Given::Param(name, value)),
        ".{0,8}".prop_map(Given::Params),
        value().prop_map(Given::Proof),
        "[\r\n\0é]".prop_map(Given::Refused),
    ]
}

/// Few of them, so that they meet; some have the same mark.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["x-[ab]", "accept|user-agent|Accept-Encoding|x-abcd-efgh", "[a-c]{1,2}t"]
}

proptest! {
    #[test]
    fn texts_come_out_as_they_were_given(
        endpoint in ".{0,12}",
        all in prop::collection::vec(any_given(), 0..12),
    ) {
        let mut text = CallText::new(&endpoint);
        let (mut headers, mut params, mut proof) = (Vec::new(), String::new(), None);
        for given in all {
            match given {
                Given::Header(name, value) => {
                    text.header(&name, value.as_bytes(), Kind::Storable).unwrap();
                    headers.push((name.to_ascii_lowercase(), Some(value)));
                }
                Given::Without(name) => {
                    text.header(&name, b"", Kind::Removes).unwrap();
                    headers.push((name.to_ascii_lowercase(), None));
                }
                Given::Param(name, value) => {
                    text.param(&name, &value).unwrap();
                    form::encode_into(&mut params, &name, &value);
                }
                Given::Params(one) => {
                    text.params_text(&one).unwrap();
                    if !params.is_empty() && !one.is_empty() {
                        params.push('&');
                    }
                    params.push_str(&one);
                }
                Given::Proof(value) => {
                    let write = |text: &mut Vec<u8>| {
                        text.extend_from_slice(value.as_bytes());
                        Ok(())
                    };
                    proof = Some((text.proof("x-key", write).unwrap(), value));
                }
                Given::Refused(value) => {
                    text.header("x-a", value.as_bytes(), Kind::Plain).unwrap_err();
                    let write = |text: &mut Vec<u8>| {
                        text.extend_from_slice(value.as_bytes());
                        Err(Error::new(ErrorKind::Auth, "refused"))
                    };
                    prop_assert!(text.proof("x-key", write).is_err());
                }
            }
        }
        prop_assert_eq!(text.endpoint(), endpoint.as_bytes());
        prop_assert_eq!(text.has_params(), !params.is_empty());
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(text.names(), names);

        let joint = Joint { before: ["/base", "/"], endpoint: endpoint.len(), sign: "?" };
        let (joined, target) = text.clone().share_with_target(&joint);
        let sign = if params.is_empty() { "" } else { "?" };
        prop_assert_eq!(target, format!("/base/{endpoint}{sign}{params}"));

        let origin: Origin = "https://h".parse().unwrap();
        let options = Options::default();
        let in_force = InForce::new(&options, &options, None, &origin).unwrap();
        for shared in [joined, text.share()] {
            prop_assert_eq!(shared.endpoint(), endpoint.as_str());
            prop_assert_eq!(shared.params(), params.as_str());
            let kept = shared.headers().map(|header| {
                (header.name().to_owned(), header.value().map(str::to_owned))
            });
            prop_assert_eq!(kept.collect::<Vec<_>>(), headers.clone());
            if let Some((proof, value)) = &proof {
                let home = in_force.at_home(&origin).unwrap();
                let (name, shown) = shared.proof(*proof, home).unwrap();
                prop_assert!(name == "x-key" && shown == value.as_str() && shown.is_sensitive());
            }
        }
    }

    #[test]
    fn headers_are_woven_as_they_would_be_laid_over(
        below in prop::collection::vec((any_name(), 0..100_u8), 0..11),
        all in prop::collection::vec((any_name(), "[!-~]{0,9}", 0..9_u8), 0..9),
        twice in 0..9_u8,
    ) {
        let mut lower = HeaderMap::new();
        for (name, value) in &below {
            let name = name.parse::<HeaderName>().unwrap();
            match twice {
                0 => lower.append(name, HeaderValue::from(u16::from(*value))),
                _ => lower.insert(name, HeaderValue::from(u16::from(*value))).is_some(),
            };
        }
        let mut text = CallText::new("endpoint");
        for (name, value, kind) in &all {
            let kind = match kind {
                0 => Kind::Removes,
                1 => Kind::Secret,
                _ => Kind::Plain,
            };
            text.header(name, value.as_bytes(), kind).unwrap();
            text.param("between", value).unwrap();
        }
        let shared = text.share();
        let (mut woven, mut replaced) = (HeaderMap::new(), Vec::new());
        let marks = marks(&lower);
        let under = Below { headers: &lower, marks: &marks };
        shared.put_over(under, 1, &mut woven, |name| replaced.push(name.clone())).unwrap();
        let mut laid = lower.clone();
        shared.lay_over(&mut laid, |_| true).unwrap();
        let seen = |headers: &HeaderMap| {
            let all = headers.iter().map(|(name, value)| {
                (name.clone(), value.as_bytes().to_vec(), value.is_sensitive())
            });
            all.collect::<Vec<_>>()
        };
        prop_assert_eq!(seen(&woven), seen(&laid));
        for (name, ..) in &all {
            let name = name.parse::<HeaderName>().unwrap();
            prop_assert!(!lower.contains_key(&name) || replaced.contains(&name));
        }
    }
}
