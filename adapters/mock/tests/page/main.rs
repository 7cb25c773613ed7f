//! What the README shows is what runs here.

#[expect(unreachable_pub, reason = "public in the crate that it is shown for")]
mod client;
#[expect(unreachable_pub, reason = "the fuzz target calls it, too")]
mod promises;
mod property;

use arbitrary::{Arbitrary, Unstructured};
use http_hook_mock::{Conversation, Reply};

const README: &str = include_str!("../../README.md");

/// The code of the page stands here, letter by letter, in files that are compiled and run: here, and the last one by `cargo fuzz`.
#[test]
fn the_page_shows_what_runs() {
    let shown = [
        include_str!("client.rs"),
        include_str!("promises.rs"),
        include_str!("property.rs"),
        include_str!("../../../../fuzz/fuzz_targets/client.rs"),
    ];
    for code in shown {
        assert!(
            README.contains(&format!("```rust,ignore\n{code}```\n")),
            "not on the page:\n{code}"
        );
    }
    assert_eq!(README.matches("ignore\n").count(), shown.len(), "code that is not run");
}

/// What the fuzz target runs, over bytes from a generator.
#[test]
fn fuzzed_servers_see_the_promises_kept() {
    let mut state = 1_u64;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    for length in (0..256).cycle().take(5_000) {
        let bytes: Vec<u8> = (0..length).map(|_| byte()).collect();
        let script = Vec::<Reply>::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        promises::keeps_its_promises(script);
        let conversation = Conversation::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        promises::keeps_its_promises(conversation.into_iter().collect());
    }
}

/// And over what the fuzzer has kept.
#[test]
fn the_corpus_sees_the_promises_kept() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/client");
    let files = std::fs::read_dir(corpus).unwrap().map(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let script = Vec::<Reply>::arbitrary_take_rest(Unstructured::new(&bytes)).unwrap();
        promises::keeps_its_promises(script);
    });
    assert!(files.count() > 0);
}
