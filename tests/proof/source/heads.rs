//! Items by their heads: what each is, and what its signature names.

use super::scan::{Scan, Visibility};
use super::tokens::{Kind, Segments, Token, close, end};

/// Where an item's keyword is, and where it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) at: usize,
    pub(super) last: usize,
    pub(super) how: Visibility,
}

/// The items of a module or a block, one after the other.
pub(super) fn heads(tokens: &[Token]) -> impl Iterator<Item = Head> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
        while at < tokens.len() {
            if is(at, "#") {
                at = close(tokens, at + 1 + usize::from(is(at + 1, "!"))) + 1;
                continue;
            }
            let mut how = Visibility::default();
            if is(at, "pub") {
                at += 1;
                how = Visibility { shared: true, public: true };
                if is(at, "(") {
                    at = close(tokens, at) + 1;
                    how.public = false;
                }
            }
            let passing = |at: usize| {
                ["async", "unsafe", "default"].iter().any(|word| is(at, word))
                    || is(at, "const")
                        && ["fn", "unsafe", "async"].iter().any(|next| is(at + 1, next))
            };
            while passing(at) {
                at += 1;
            }
            let value = ["const", "static", "type", "use"].iter().any(|word| is(at, word));
            let head = Head { at, last: end(tokens, at, value), how };
            at = head.last;
            return Some(head);
        }
        None
    })
}

/// How many tokens the generics at the beginning are.
pub(super) fn generics(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("<") {
            depth += 1;
        } else if token.is(">") && !(at > 0 && tokens[at - 1].is("-")) {
            depth -= 1;
        }
        if depth == 0 {
            return if at == 0 { 0 } else { at + 1 };
        }
    }
    tokens.len()
}

/// The first path among tokens.
pub(super) fn first_path(tokens: &[Token]) -> Segments {
    let is_name = |token: &Token| token.kind == Kind::Word && !token.is("dyn") && !token.is("mut");
    let mut path = Vec::new();
    let Some(mut at) = tokens.iter().position(is_name) else { return path };
    path.push(tokens[at].text.clone());
    while at + 2 < tokens.len() && tokens[at + 1].is("::") && tokens[at + 2].kind == Kind::Word {
        at += 2;
        path.push(tokens[at].text.clone());
    }
    path
}

/// The paths among tokens, and the single words that may be types or constants.
pub(super) fn mentioned(tokens: &[Token]) -> Vec<Segments> {
    let scan = Scan::of(tokens, &[]);
    // The names of arguments are no types.
    let types = scan.words.into_iter().filter(|word| word.starts_with(char::is_uppercase));
    scan.paths.into_iter().map(|(path, _)| path).chain(types.map(|word| vec![word])).collect()
}

/// What the signature of an item names: no body, no private field, no attribute.
pub(super) fn signature(item: &[Token]) -> Vec<Segments> {
    let mut kept = Vec::new();
    let kind = item[0].text.as_str();
    let mut at = 2;
    while at < item.len() {
        let token = &item[at];
        match kind {
            "fn" if token.is("{") => break,
            "const" | "static" if token.is("=") => break,
            "struct" | "union" if token.is("{") || token.is("(") => {
                let last = close(item, at);
                kept.extend(public_fields(&item[at + 1..last]));
                at = last;
            }
            "trait" if token.is("{") => {
                let last = close(item, at);
                let body = &item[at + 1..last];
                let inner = heads(body).flat_map(|head| signature(&body[head.at..head.last]));
                return mentioned(&kept).into_iter().chain(inner).collect();
            }
            _ if token.is("#") => at = close(item, at + 1),
            _ => kept.push(token.clone()),
        }
        at += 1;
    }
    mentioned(&kept)
}

/// The types of the fields that are public.
pub(super) fn public_fields(fields: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let (mut public, mut begins, mut depth) = (false, true, 0_usize);
    let mut at = 0;
    while at < fields.len() {
        let token = &fields[at];
        if token.is("#") {
            at = close(fields, at + 1);
        } else if begins {
            public = token.is("pub") && !fields.get(at + 1).is_some_and(|next| next.is("("));
            begins = false;
            // What does not begin with `pub` is of the type itself.
            if !token.is("pub") {
                continue;
            }
        } else if token.is(",") && depth == 0 {
            begins = true;
        } else {
            match token.text.as_str() {
                "<" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                ">" if !fields[at - 1].is("-") => depth -= 1,
                _ => {}
            }
            if public {
                kept.push(token.clone());
            }
        }
        at += 1;
    }
    kept
}
