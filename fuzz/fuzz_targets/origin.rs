#![no_main]
//! Beside the invariants: never another origin than the crate `url` reads, but for what SECURITY.md lists.

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use http_hook::Origin;
use invariants::origin::{HOME, is_number, location, origin};
use url::{Host, Url};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    origin(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for written in [text.to_owned(), format!("https://{text}/v1"), format!("http://u:p@{text}")] {
        if let Ok(own) = written.parse::<Origin>() {
            same(&own, Url::parse(&written), &written);
        }
    }
    // Backslashes and escapes mean something else in a Location, here and to browsers.
    if !text.contains(['\\', '%']) {
        if let Some(own) = location(text) {
            let home = Url::parse(HOME).expect("a URL");
            same(&own, home.join(text), text);
        }
    }
});

fn same(own: &Origin, url: Result<Url, url::ParseError>, text: &str) {
    let host = own.host();
    let Ok(url) = url else {
        // Names that only the core takes.
        let only_ours = host.split('.').any(|label| label.starts_with("xn--"))
            || host.rsplit('.').next().is_some_and(is_number);
        return assert!(only_ours, "{text:?}: {own} is no URL elsewhere");
    };
    assert_eq!(own.http_scheme().as_str(), url.scheme(), "{text:?}");
    assert_eq!(Some(own.port()), url.port_or_known_default(), "{text:?}");
    let same_host = match url.host() {
        Some(Host::Ipv6(address)) => host == format!("[{address}]"),
        Some(Host::Ipv4(address)) => host == address.to_string(),
        Some(Host::Domain(name)) => host == name.strip_suffix('.').unwrap_or(name),
        None => false,
    };
    assert!(same_host, "{text:?}: {own} and {url}");
}
