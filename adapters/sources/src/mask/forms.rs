//! The forms in which a secret is looked for; what a text escapes is undone in the text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::undone::{LEADS, Undone, undone_once};

/// As it is, and in base64; so, too, with its own escapes undone, with the blanks of a form, and in the other encoding of its
/// characters. What has less than `shortest` characters then is not one of them.
pub(super) fn forms(secret: &str, shortest: usize) -> Vec<Vec<u8>> {
    let mut plain = vec![secret.as_bytes().to_vec()];
    let is_plain = |byte: &u8| byte.is_ascii() && !LEADS.contains(byte) && !b"+ ".contains(byte);
    if !secret.as_bytes().iter().all(is_plain) {
        Undone::each_level(secret.as_bytes(), |level| plain.push(level.bytes().to_vec()));
        plain.extend(LEADS.map(|lead| undone_once(secret.as_bytes(), lead)));
        plain.extend(plain.clone().iter().map(|form| swapped(form, b'+', b' ')));
        plain.extend(plain.clone().iter().map(|form| swapped(form, b' ', b'+')));
        plain.sort_unstable();
        plain.dedup();
        plain.retain(|form| String::from_utf8_lossy(form).chars().count() >= shortest);
        plain.extend(plain.clone().iter().filter_map(|form| latin_1(form)));
    }
    let mut forms = Vec::new();
    for form in plain {
        for before in 0..3 {
            forms.extend(in_base64(&form, before, shortest));
        }
        let whole = STANDARD.encode(&form);
        forms.push(whole.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(whole.into_bytes());
        forms.push(form);
    }
    forms
}

fn swapped(text: &[u8], from: u8, to: u8) -> Vec<u8> {
    text.iter().map(|byte| if *byte == from { to } else { *byte }).collect()
}

/// Latin-1 in place of UTF-8, as in `Basic`; `None` where it is the same, or there is none.
fn latin_1(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(|c| u8::try_from(c).ok()).collect()
}

/// What base64 has of a secret, whatever stands around it: `before` bytes into a group of three. Its ends share characters with
/// their neighbours, and are left out.
fn in_base64(secret: &[u8], before: usize, shortest: usize) -> Vec<Vec<u8>> {
    let mut padded = vec![0; before];
    padded.extend_from_slice(secret);
    let encoded = STANDARD_NO_PAD.encode(&padded);
    let from = (before * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    match encoded.get(from..to).filter(|part| part.len() >= shortest.max(4)) {
        None => Vec::new(),
        Some(part) => {
            vec![part.replace('+', "-").replace('/', "_").into_bytes(), part.as_bytes().to_vec()]
        }
    }
}
