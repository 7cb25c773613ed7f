//! What a search takes is bounded by the texts, however many secrets they have.

use super::search::Search;
use super::secrets::Secrets;

/// A text that has nothing twice.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let letter = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"abcdefghijklmnop+ -_"[usize::try_from(state >> 33).unwrap_or_default() % 20]
    };
    (0..length).map(letter).collect()
}

#[test]
fn what_is_looked_for_takes_no_more_memory_than_there_is_room_for() {
    /// 60 bytes for each of the room.
    const MOST: usize = 120 << 20;
    #[rustfmt::skip]
    let rows = [
        // secrets  bytes       memory
        (1,         1_000,      1 << 20),
        (1,         4 << 20,    1 << 20),
        (5_000,     200,        MOST),
        (30_000,    40,         MOST),
    ];
    for (count, length, most) in rows {
        let mut secrets = Secrets::default();
        (0..count).for_each(|seed| secrets.hide(&noise(length, seed)));
        let mut search = Search::new(&secrets);
        let memory = search.memory();
        assert!(memory < most, "{count} secrets of {length} bytes: {memory}");
        // Each is found all the same, and hidden in its length.
        let secret = noise(length, count - 1);
        let text = [&b"<"[..], &secret, b">"].concat();
        let hidden = search.places(&text).hide(&text).expect("it is found");
        assert_eq!(String::from_utf8_lossy(&hidden), "<***>", "{count} secrets of {length} bytes");
    }
}

#[test]
fn where_there_are_more_secrets_than_room_everything_is_hidden() {
    let mut secrets = Secrets::default();
    (0..300_000).for_each(|count| {
        secrets.hide(format!("{count:012}").chars().rev().collect::<String>().as_bytes());
    });
    let mut search = Search::new(&secrets);
    assert_eq!(search.memory(), 0);
    assert_eq!(search.places(b"anything").hide(b"anything").as_deref(), Some(&b"***"[..]));
    assert_eq!(search.places(b"").hide(b""), None);
}
