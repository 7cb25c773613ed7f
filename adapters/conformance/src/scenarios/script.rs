//! What servers say, by chance: mostly something that makes the call go on.

use super::dice::Dice;
use super::places::Place;
use super::reply::{Answer, Framing, GARBAGE, ILL_MEASURED, Reply};
use super::scenario::Kind;

/// How many requests there are at most that the script does not reach.
const REST: usize = 64;

/// What the dice of a script depend on.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    pub(super) kind: Kind,
    /// Whether connections are kept.
    pub(super) kept: bool,
    /// Whether all calls are HEAD.
    pub(super) head: bool,
}

/// Makes the script of one place for so many calls.
pub(super) fn script(dice: &mut Dice, place: Place, calls: u64, manner: Manner) -> Vec<Reply> {
    let mut replies = Vec::new();
    for _ in 0..calls {
        let count = match place {
            Place::Home => dice.weighted(&[(3, 1), (4, 2), (4, 3), (3, 4), (2, 6), (1, 8)]),
            Place::Other => dice.weighted(&[(3, 0), (4, 1), (2, 3)]),
            Place::Token => 2,
            Place::Dead => 0,
        };
        if place == Place::Home && manner.kind == Kind::Digest && dice.percent(75) {
            replies.push(Reply::Whole(unauthorized(dice)));
        }
        for number in 1..=count {
            let last = number == count && dice.percent(60);
            replies.push(match place {
                Place::Token => token(dice, manner),
                _ if last => Reply::Whole(ok(dice)),
                _ => reply(dice, manner),
            });
        }
    }
    let over = || Reply::Whole(Answer::new(500, "not in the script"));
    replies.extend(std::iter::repeat_with(over).take(REST));
    replies
}

fn reply(dice: &mut Dice, manner: Manner) -> Reply {
    match dice.weighted(&[(12, 0), (30, 1), (10, 2), (20, 3), (5, 4), (5, 5), (18, 6)]) {
        0 => Reply::Whole(ok(dice)),
        1 => Reply::Whole(busy(dice)),
        2 => Reply::Whole(refusal(dice)),
        3 => Reply::Whole(redirect(dice)),
        4 => Reply::Whole(unauthorized(dice)),
        5 => Reply::Whole(odd(dice)),
        _ => fault(dice, manner),
    }
}

fn fault(dice: &mut Dice, manner: Manner) -> Reply {
    match dice.within(if manner.kept { 6 } else { 0 }, 9) {
        0..=1 => Reply::Closed,
        2 => Reply::Reset,
        3 => Reply::HeadCut,
        // What a length means for an answer to HEAD is told in more than one way.
        4..=5 if manner.head => Reply::Garbage(dice.one(GARBAGE)),
        4..=5 => Reply::Garbage(dice.one(&[GARBAGE, ILL_MEASURED].concat())),
        6 => Reply::Cut(Answer { framing: Framing::Length, ..busy(dice) }),
        _ => {
            let framing = dice.one(&[Framing::Length, Framing::Chunks]);
            Reply::Cut(Answer { framing, ..Answer::new(200, "a body that breaks off") })
        }
    }
}

fn ok(dice: &mut Dice) -> Answer {
    let body = dice.one(&[
        "",
        "hello",
        "please come again",
        r#"{"state": "busy"}"#,
        r#"{"state": "done", "id": 7}"#,
    ]);
    let mut answer = Answer::new(dice.weighted(&[(8, 200), (2, 201), (1, 202)]), body);
    if dice.percent(5) {
        answer.body = vec![b'x'; 70_000];
    }
    if dice.percent(15) {
        answer = answer.gzip();
    }
    if dice.percent(10) {
        answer = answer.header("x-again", "yes");
    }
    if dice.percent(10) {
        answer = answer.header("authentication-info", r#"nextnonce="n9""#);
    }
    dress(dice, answer)
}

/// Lays on what any answer may have.
fn dress(dice: &mut Dice, mut answer: Answer) -> Answer {
    answer.framing =
        dice.weighted(&[(6, Framing::Length), (3, Framing::Chunks), (1, Framing::Close)]);
    answer.interim = dice.percent(8);
    if dice.percent(25) {
        let cookie = dice.one(&[
            "a=1; Path=/",
            "a=2; Path=/; HttpOnly",
            "b=2; Path={path}/api",
            "c=3; Path=/; Max-Age=3",
            "d=4; Path=/; Expires=Tue, 01 Jan 2030 00:00:20 GMT",
            "e=5; Path=/; Secure",
            "a=; Path=/; Max-Age=0",
        ]);
        answer = answer.header("set-cookie", cookie);
    }
    if dice.percent(10) {
        answer = answer.header("date", "Tue, 01 Jan 2030 00:00:05 GMT");
    }
    answer
}

fn busy(dice: &mut Dice) -> Answer {
    let status =
        dice.weighted(&[(8, 503), (6, 429), (3, 500), (3, 502), (2, 504), (1, 408), (1, 413)]);
    let mut answer = Answer::new(status, "try again later");
    match dice.within(0, 9) {
        0..=3 => {
            let seconds = dice.one(&["0", "1", "2", "7", "30", "120"]);
            answer = answer.header("retry-after", seconds);
        }
        4 => {
            let date = dice.one(&[
                "Tue, 01 Jan 2030 00:00:10 GMT",
                "Tue, 01 Jan 2030 00:00:45 GMT",
                "Tuesday, 01-Jan-30 00:00:15 GMT",
                "Mon, 31 Dec 2029 23:59:59 GMT",
            ]);
            answer = answer.header("retry-after", date);
        }
        5 => answer = answer.header("retry-after", dice.one(&["soon", "-1", "99999999999999999"])),
        6 => answer = answer.header("retry-after", "1").header("retry-after", "3"),
        7 => answer = answer.header("ratelimit", r#""burst";r=3;t=1, "daily";r=0;t=5"#),
        8 => {
            answer = answer
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", dice.one(&["4", "1893456012"]));
        }
        _ => {}
    }
    dress(dice, answer)
}

fn refusal(dice: &mut Dice) -> Answer {
    let status = dice.one(&[400, 403, 404, 409, 412, 421, 422, 425]);
    dress(dice, Answer::new(status, r#"{"title": "no", "state": "busy"}"#))
}

fn odd(dice: &mut Dice) -> Answer {
    match dice.one(&[204, 304, 206, 299, 300, 499, 520, 599]) {
        bodiless @ (204 | 304) => {
            let (framing, answer) = (Framing::Close, Answer::new(bodiless, ""));
            Answer { framing, ..answer }
        }
        status => dress(dice, Answer::new(status, "odd")),
    }
}

fn unauthorized(dice: &mut Dice) -> Answer {
    let challenge = dice.weighted(&[
        (6, r#"Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256, opaque="o""#),
        (4, r#"Digest realm="r", nonce="n2", qop="auth", stale=true"#),
        (2, r#"Digest realm="r", nonce="n3""#),
        (1, r#"Digest realm="r", nonce="n4", algorithm=FOO"#),
        (3, r#"Bearer error="invalid_token""#),
        (2, r#"Basic realm="r""#),
    ]);
    let answer = Answer::new(401, "who are you?");
    let answer =
        if dice.percent(92) { answer.header("www-authenticate", challenge) } else { answer };
    dress(dice, answer)
}

fn redirect(dice: &mut Dice) -> Answer {
    let status = dice.one(&[301, 302, 303, 307, 308]);
    let answer = Answer::new(status, "moved");
    let answer = match dice.weighted(&[(42, 0), (30, 1), (10, 2), (12, 3), (3, 4), (4, 5)]) {
        0 => {
            let near = dice.one(&[
                "next?page=2",
                "?page=3",
                "{path}/absolute%7e",
                "{home}/full/./x/../y",
                "//{authority}{path}/scheme",
                "{path}/a b",
                "#fragment",
            ]);
            answer.header("location", near)
        }
        1 => answer.header("location", dice.one(&["{other}/moved", "{other}/moved?key=1#part"])),
        2 => answer.header("location", "{dead}/gone"),
        3 => {
            let bad = dice.one(&[
                "ftp://files.example/x",
                "javascript:alert(1)",
                "http://",
                "http://[::1",
                "http://127.0.0.1:99999/",
            ]);
            answer.header("location", bad)
        }
        4 => answer.header("location", "{home}/same").header("location", "{home}/same"),
        _ => answer.header("x-location", "none"),
    };
    dress(dice, answer)
}

fn token(dice: &mut Dice, manner: Manner) -> Reply {
    let granted = |token: &str, life: u64| {
        let text = format!(
            r#"{{"access_token": "{token}", "token_type": "Bearer", "expires_in": {life}}}"#
        );
        Reply::Whole(Answer::new(200, text))
    };
    match dice.weighted(&[(14, 0), (4, 1), (3, 2), (3, 3), (1, 4), (1, 5)]) {
        0 => granted(dice.one(&["t-1", "t-2", "t-3"]), 3_600),
        1 => granted("t-short", 31),
        2 => Reply::Whole(Answer::new(503, "").header("retry-after", "2")),
        3 => Reply::Whole(Answer::new(400, r#"{"error": "invalid_client"}"#)),
        5 if !manner.kept => Reply::Closed,
        _ => Reply::Whole(Answer::new(200, "no token at all")),
    }
}
