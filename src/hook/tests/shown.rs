//! What is shown of what a server said.

use crate::auth::AuthScheme;
use crate::{Connection, Hook};

#[test]
fn nothing_of_the_connection_is_shown_of_what_a_server_said() {
    let connection = Connection::new().with_host("https://h.test/hooks/T0/P4TH?k=QU3RY");
    let hook = Hook::builder(&connection)
        .auth(AuthScheme::ApiKeyInQuery { name: "appid".to_owned(), value: "K3Y/of=m&e".into() })
        .header("x-team", "5ecret of ours")
        .build()
        .expect("a hook");
    for (said, shown) in [
        ("", ""),
        ("/items?page=2", "/items?page=2"),
        ("/hooks/T0", "/hooks/T0"),
        ("/hooks/T0/other", "/hooks/T0/other"),
        // The path of the base, where a path begins.
        ("/hooks/T0/P4TH", "/***"),
        ("/hooks/T0/P4TH/items?page=2", "/***/items?page=2"),
        ("/hooks//T%30/P4TH?page=2", "/***?page=2"),
        ("https://h.test/hooks/T0/P4TH/items", "https://h.test/***/items"),
        ("//h.test:8443/hooks/T0/P4TH#a", "//h.test:8443/***#a"),
        ("<https://u@h.test/hooks/T0/P4TH>; rel=\"next\"", "<https://u@h.test/***>; rel=\"next\""),
        ("5; url=/hooks/T0/P4TH", "5; url=/***"),
        ("at \"/hooks/T0/P4TH\"", "at \"/***\""),
        ("</a>, </hooks/T0/P4TH/b>", "</a>, </***/b>"),
        // What is more than a word of it, wherever it stands.
        ("/other/hooks/T0/P4TH/items", "/other/hooks/T0/***/items"),
        ("/a?of=P4TH&page=2", "/a?of=***&page=2"),
        ("https:/P4TH", "https:/***"),
        ("/a?k=QU3RY&page=2", "/a?k=***&page=2"),
        ("/a?k=%51U3RY&page=2", "/a?k=***&page=2"),
        ("/a?k=%2551U3RY&page=2", "/a?k=***&page=2"),
        ("/a?appid=K3Y%2Fof%3Dm%26e&page=2", "/a?appid=***&page=2"),
        // What marks stand in is in no part.
        ("/a?appid=K3Y/of=m&e&page=2", "***"),
        ("the 5ecret of ours", "***"),
    ] {
        assert_eq!(hook.shown(said), shown, "{said}");
        assert_eq!(hook.shown(shown), shown, "it stays so");
    }
    let bare = Hook::builder_to("https://h.test/v1").show_base(true).build().expect("a hook");
    assert_eq!(bare.shown("/v1/items"), "/v1/items");
    let root = Hook::to("https://h.test").expect("a hook");
    assert_eq!(root.shown("//h.test//a/*** é\\b"), "//h.test//a/*** é\\b");
}
