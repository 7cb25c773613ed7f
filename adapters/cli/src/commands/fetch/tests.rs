//! Whatever a server does, what is fetched is one state of the file, whole, or nothing: never a mixture.

use std::collections::VecDeque;

use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

use super::part::{Answer, Ask, Ended, Known, Part, Validator};

/// Where the file is.
const HERE: &str = "here";

type Pairs<'a> = &'a [(&'static str, &'a str)];

fn headers(pairs: Pairs<'_>) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name: http::HeaderName = name;
        map.append(name, value);
    }
    map
}

/// A part of five bytes of a file of ten, with this validator.
fn five(validator: Validator) -> Part {
    let mut part =
        Part::kept(Known { validator: Some(validator), total: Some(10), at: HERE.to_owned() }, 5);
    let Ask::Rest { range, .. } = part.ask() else { panic!("there is a rest") };
    assert_eq!(range, "bytes=5-");
    part
}

fn judged(status: u16, pairs: &[(&'static str, &str)]) -> &'static str {
    let tag = Validator::Etag("\"a\"".to_owned());
    of(five(tag), status, pairs)
}

fn of(mut part: Part, status: u16, pairs: &[(&'static str, &str)]) -> &'static str {
    match part.head(StatusCode::from_u16(status).unwrap(), &headers(pairs), HERE) {
        Answer::Begin => "begin",
        Answer::Append => "append",
        Answer::Complete => "complete",
        Answer::Anew(_) => "anew",
        Answer::Refuse(_) => "refuse",
    }
}

#[test]
fn an_answer_is_good_for_what_it_says() {
    let tag = ("etag", "\"a\"");
    #[rustfmt::skip]
    let rows: &[(&str, u16, Pairs<'_>, &str)] = &[
        ("the rest",                  206, &[tag, ("content-range", "bytes 5-9/10")], "append"),
        ("a part of the rest",        206, &[tag, ("content-range", "bytes 5-6/10")], "append"),
        ("the unit in capitals",      206, &[tag, ("content-range", "Bytes 5-9/10")], "append"),
        ("no total",                  206, &[tag, ("content-range", "bytes 5-9/*")], "append"),
        ("its length, too",           206, &[tag, ("content-range", "bytes 5-9/10"), ("content-length", "5")], "append"),
        ("another length",            206, &[tag, ("content-range", "bytes 5-9/10"), ("content-length", "6")], "refuse"),
        ("no range",                  206, &[tag], "refuse"),
        ("two ranges",                206, &[tag, ("content-range", "bytes 5-9/10"), ("content-range", "bytes 6-9/10")], "refuse"),
        ("no bytes",                  206, &[tag, ("content-range", "lines 5-9/10")], "refuse"),
        ("no numbers",                206, &[tag, ("content-range", "bytes +5-9/10")], "refuse"),
        ("backwards",                 206, &[tag, ("content-range", "bytes 9-5/10")], "refuse"),
        ("behind its own end",        206, &[tag, ("content-range", "bytes 5-10/10")], "refuse"),
        ("behind the file",           206, &[tag, ("content-range", "bytes 5-10/*")], "refuse"),
        ("begins before",             206, &[tag, ("content-range", "bytes 4-9/10")], "refuse"),
        ("begins behind",             206, &[tag, ("content-range", "bytes 6-9/10")], "refuse"),
        ("shrunken",                  206, &[tag, ("content-range", "bytes 5-7/8")], "refuse"),
        ("grown",                     206, &[tag, ("content-range", "bytes 5-19/20")], "refuse"),
        ("of no part",                206, &[tag, ("content-range", "bytes */10")], "refuse"),
        ("several parts",             206, &[tag, ("content-type", "multipart/byteranges; boundary=x")], "refuse"),
        ("another tag",               206, &[("etag", "\"b\""), ("content-range", "bytes 5-9/10")], "anew"),
        ("a weak tag",                206, &[("etag", "W/\"a\""), ("content-range", "bytes 5-9/10")], "anew"),
        ("no tag",                    206, &[("content-range", "bytes 5-9/10")], "anew"),
        ("two tags",                  206, &[tag, ("etag", "\"b\""), ("content-range", "bytes 5-9/10")], "anew"),
        ("a coding",                  206, &[tag, ("content-range", "bytes 5-9/10"), ("content-encoding", "gzip")], "refuse"),
        ("the whole",                 200, &[("etag", "\"b\"")], "begin"),
        ("the whole in a coding",     200, &[("content-encoding", "identity, gzip")], "refuse"),
        ("the whole, named so",       200, &[("content-encoding", "identity")], "begin"),
        ("of two lengths",            200, &[("content-length", "5"), ("content-length", "6")], "refuse"),
        ("changed by a proxy",        203, &[tag], "begin"),
        ("nothing",                   204, &[], "refuse"),
        ("not yet",                   202, &[], "refuse"),
        ("the same, and shorter",     200, &[tag, ("content-length", "5")], "refuse"),
        ("the same, without a length", 200, &[tag], "begin"),
        ("another, and shorter",      200, &[("etag", "\"b\""), ("content-length", "5")], "begin"),
        ("less than was known",       416, &[tag, ("content-range", "bytes */5")], "refuse"),
        ("more than is there",        416, &[tag, ("content-range", "bytes */10")], "anew"),
        ("all is there, of what?",    416, &[("content-range", "bytes */5")], "anew"),
        ("all is there, of another",  416, &[("etag", "\"b\""), ("content-range", "bytes */5")], "anew"),
        ("shrunken below",            416, &[tag, ("content-range", "bytes */4")], "refuse"),
        ("nothing is said",           416, &[], "anew"),
    ];
    for (why, status, pairs, expected) in rows {
        assert_eq!(judged(*status, pairs), *expected, "{why}");
    }
    let tagged = Some(Validator::Etag("\"a\"".to_owned()));
    let known = Known { validator: tagged, total: None, at: HERE.to_owned() };
    let mut part = Part::kept(known, 5);
    part.ask();
    assert_eq!(of(part, 416, &[tag, ("content-range", "bytes */5")]), "complete");
    let dated = || five(Validator::Date("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
    let range = ("content-range", "bytes 5-9/10");
    for (why, pairs, expected) in [
        (
            "the same date",
            &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), range][..],
            "append",
        ),
        ("a later one", &[("last-modified", "Sun, 06 Nov 1994 08:49:38 GMT"), range], "anew"),
        ("none", &[range], "anew"),
        (
            "a tag besides",
            &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), tag, range],
            "anew",
        ),
    ] {
        assert_eq!(of(dated(), 206, pairs), expected, "{why}");
    }
    assert_eq!(of(Part::default(), 206, &[tag, range]), "refuse", "the whole was asked for");
    assert_eq!(of(Part::default(), 416, &[tag, ("content-range", "bytes */0")]), "refuse");
}

#[test]
fn a_validator_is_strong_or_none() {
    let modified = "Sun, 06 Nov 1994 08:49:37 GMT";
    let (soon, later) = ("Sun, 06 Nov 1994 08:50:36 GMT", "Sun, 06 Nov 1994 08:50:37 GMT");
    #[rustfmt::skip]
    let rows: &[(&str, Pairs<'_>, Option<&str>)] = &[
        ("strong",                   &[("etag", "\"a\"")], Some("\"a\"")),
        ("empty",                    &[("etag", "\"\"")], Some("\"\"")),
        ("weak",                     &[("etag", "W/\"a\"")], None),
        ("no quotes",                &[("etag", "a")], None),
        ("two",                      &[("etag", "\"a\""), ("etag", "\"b\"")], None),
        ("a quote within",           &[("etag", "\"a\"b\"")], None),
        ("no ranges",                &[("etag", "\"a\""), ("accept-ranges", "none")], None),
        ("an old date",              &[("last-modified", modified), ("date", later)], Some(modified)),
        ("too young a date",         &[("last-modified", modified), ("date", soon)], None),
        ("nobody knows how old",     &[("last-modified", modified)], None),
        ("a date beside a weak tag", &[("etag", "W/\"a\""), ("last-modified", modified), ("date", later)], None),
        ("no date",                  &[("last-modified", "yesterday"), ("date", later)], None),
    ];
    for (why, pairs, expected) in rows {
        let mut part = Part::default();
        assert_eq!(part.ask(), Ask::Whole);
        assert_eq!(part.head(StatusCode::OK, &headers(pairs), HERE), Answer::Begin, "{why}");
        assert_eq!(part.known().validator.as_ref().map(Validator::text), *expected, "{why}");
    }
}

#[test]
fn a_body_is_as_long_as_its_answer_says() {
    let tag = ("etag", "\"a\"");
    let begun = |status: u16, pairs: &[(&'static str, &str)]| {
        let mut part =
            if status == 206 { five(Validator::Etag("\"a\"".to_owned())) } else { Part::default() };
        part.head(StatusCode::from_u16(status).unwrap(), &headers(pairs), HERE);
        part
    };
    let rest = || begun(206, &[tag, ("content-range", "bytes 5-7/10")]);
    let whole = || begun(200, &[tag, ("content-length", "3")]);
    let endless = || begun(200, &[tag]);
    for (why, mut part, count, ended) in [
        ("all of the range", rest(), 3, Some(Ended::More)),
        ("less, and nobody noticed", rest(), 2, Some(Ended::Broken)),
        ("more", rest(), 4, None),
        ("all of the file", whole(), 3, Some(Ended::Whole)),
        ("less of it", whole(), 2, Some(Ended::Broken)),
        ("more than it", whole(), 4, None),
        ("without a length", endless(), 99, Some(Ended::Whole)),
    ] {
        let found = part.fits(count).ok().map(|()| {
            part.piece(count);
            part.ended(false)
        });
        assert_eq!(found, ended, "{why}");
    }
    let mut part = endless();
    part.piece(3);
    assert_eq!(part.ended(true), Ended::Broken);
}

/// What a server does with one request.
#[derive(Clone, Debug)]
struct Turn {
    /// Which state the file is in from now on.
    state: usize,
    /// After how many bytes of the body it breaks off.
    cut: Option<usize>,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// By the standard.
    Sound,
    /// The whole, whatever is asked for.
    Whole,
    /// A part, whatever `If-Range` says.
    Blind,
    /// A part that is one byte off, and says what it is.
    Off,
    /// A part that does not say of what.
    Untagged,
    /// A part of the rest.
    Short,
    /// 416, whatever is asked for.
    None,
    /// Tags that are weak.
    Weak,
    /// No length.
    Endless,
}

/// States of the file, of different lengths and content.
fn states() -> [Vec<u8>; 3] {
    let of = |seed: u8, len: usize| {
        (0..len)
            .map(|at| seed.wrapping_mul(31).wrapping_add(u8::try_from(at * 7 % 251).unwrap()))
            .collect()
    };
    [of(1, 400), of(2, 400), of(3, 150)]
}

/// An answer: status, headers, body, and whether it breaks off.
fn answer(turn: &Turn, ask: &Ask) -> (u16, HeaderMap, Vec<u8>, bool) {
    let file = &states()[turn.state];
    let weak = if turn.how == How::Weak { "W/" } else { "" };
    let tag = format!("{weak}\"v{}\"", turn.state);
    let asked = match ask {
        Ask::Rest { range, if_range } => {
            let begin =
                range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap();
            let same =
                *if_range == tag || matches!(turn.how, How::Blind | How::Untagged | How::Off);
            (same && turn.how != How::Whole).then_some(begin)
        }
        _ => None,
    };
    let total = file.len();
    let all = format!("{total}");
    let (status, mut map, body) = match asked {
        Some(_) if turn.how == How::None => {
            (416, headers(&[("content-range", &format!("bytes */{total}"))]), Vec::new())
        }
        Some(begin) if begin >= total => {
            (416, headers(&[("content-range", &format!("bytes */{total}"))]), Vec::new())
        }
        Some(begin) => {
            let begin = if turn.how == How::Off { begin.saturating_sub(1) } else { begin };
            let end = if turn.how == How::Short { total.min(begin + 20) } else { total };
            let range = format!("bytes {begin}-{}/{total}", end - 1);
            (206, headers(&[("content-range", &range)]), file[begin..end].to_vec())
        }
        None if turn.how == How::Endless => (200, HeaderMap::new(), file.clone()),
        None => (200, headers(&[("content-length", &all)]), file.clone()),
    };
    if turn.how != How::Untagged {
        map.insert("etag", tag.parse().unwrap());
    }
    let cut = turn.cut.filter(|cut| *cut < body.len());
    let body = cut.map_or(body.clone(), |cut| body[..cut].to_vec());
    (status, map, body, cut.is_some())
}

/// Fetches against turns, each part kept as it would be on a disk: what is there, or why not.
fn fetch(turns: &[Turn]) -> Result<Vec<u8>, String> {
    let mut turns: VecDeque<_> = turns.iter().collect();
    let (mut part, mut there) = (Part::default(), Vec::new());
    loop {
        let ask = part.ask();
        if ask == Ask::Nothing {
            return Ok(there);
        }
        if ask == Ask::Whole {
            there.clear();
        }
        let turn = turns.pop_front().ok_or("it broke off too often")?;
        let (status, map, body, broken) = answer(turn, &ask);
        match part.head(StatusCode::from_u16(status).unwrap(), &map, HERE) {
            Answer::Begin => there.clear(),
            Answer::Append => {}
            Answer::Complete => return Ok(there),
            Answer::Anew(_) => {
                part.forget();
                there.clear();
                continue;
            }
            Answer::Refuse(why) => return Err(why),
        }
        for piece in body.chunks(64) {
            part.fits(piece.len() as u64)?;
            part.piece(piece.len() as u64);
            there.extend_from_slice(piece);
        }
        match part.ended(broken) {
            Ended::Whole => return Ok(there),
            // Another run knows what was written down, and no more.
            Ended::Broken if turn.state % 2 == 1 => {
                let text = serde_json::to_string(part.known()).unwrap();
                let kept = part
                    .goes_on()
                    .then(|| Part::kept(serde_json::from_str(&text).unwrap(), part.have()));
                part = kept.unwrap_or_default();
            }
            Ended::More | Ended::Broken => {}
        }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    let how = prop_oneof![
        6 => Just(How::Sound),
        1 => Just(How::Whole),
        1 => Just(How::Blind),
        1 => Just(How::Off),
        1 => Just(How::Untagged),
        1 => Just(How::Short),
        1 => Just(How::None),
        1 => Just(How::Weak),
        1 => Just(How::Endless),
    ];
    let state = prop_oneof![5 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let cut = prop::option::weighted(0.8, 0_usize..420);
    (state, cut, how).prop_map(|(state, cut, how)| Turn { state, cut, how })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_comes_is_one_state_of_the_file(turns in prop::collection::vec(turn(), 1..12)) {
        if let Ok(file) = fetch(&turns) {
            prop_assert!(states().contains(&file), "a mixture of {} bytes", file.len());
        }
    }

    /// A server that keeps to the standard, and to its file, gives all of it, wherever it breaks off.
    #[test]
    fn a_sound_server_gives_it_all(cuts in prop::collection::vec(0_usize..420, 0..50)) {
        let mut turns: Vec<_> = cuts.iter().map(|cut| Turn { state: 0, cut: Some(*cut), how: How::Sound }).collect();
        turns.push(Turn { state: 0, cut: None, how: How::Sound });
        prop_assert_eq!(fetch(&turns), Ok(states()[0].clone()));
    }
}
