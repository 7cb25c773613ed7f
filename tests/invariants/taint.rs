//! Finds a planted secret in a text, in whatever form it got there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The forms that a word of letters and digits takes: as it is (which percent escapes leave alone), and the part of
/// its base64 that is the same whatever stands around it, for each of the three places where it can begin.
pub(crate) struct Traces(Vec<(String, Vec<String>)>);

impl Traces {
    /// What to look for. Words of at least eight letters and digits leave traces that nothing else makes.
    pub(crate) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let forms = |word: &str| {
            assert!(word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            std::iter::once(word.to_owned()).chain((0..3).map(|place| core(word, place))).collect()
        };
        Self(words.into_iter().map(|word| (word.to_owned(), forms(word))).collect())
    }

    /// The first of the words that is in `text`.
    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        let plain = text.contains('%').then(|| undone(text));
        let texts = [Some(text), plain.as_deref()];
        let is_in = |form: &String| texts.iter().flatten().any(|text| text.contains(form.as_str()));
        self.0.iter().find(|(_, forms)| forms.iter().any(is_in)).map(|(word, _)| word.as_str())
    }
}

/// The base64 of `word` behind `place` other bytes, without the signs that its neighbours have a part in.
fn core(word: &str, place: usize) -> String {
    let coded = STANDARD.encode(format!("{}{word}", &"xx"[..place]));
    let coded = coded.trim_end_matches('=');
    let whole = (place + word.len()) * 8 / 6;
    coded[[0, 2, 3][place]..whole].to_owned()
}

/// The text without its percent escapes.
fn undone(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| behind.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
