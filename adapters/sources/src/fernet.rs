//! Fernet, as Airflow encrypts passwords and extras with it: AES-128 in CBC mode, and an HMAC over all of it.
//!
//! ```text
//! 0x80 | time, 8 bytes | IV, 16 bytes | ciphertext, padded | HMAC-SHA-256, 32 bytes     in URL-safe base64
//! ```

use std::fmt;
use std::time::SystemTime;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use http_hook::Secret;
use sha2::Sha256;

use crate::error::{SourceError, SourceErrorKind};

/// As Python reads it: with its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

const VERSION: u8 = 0x80;
const HEAD: usize = 1 + 8 + 16;
const SUM: usize = 32;

/// Keys for what Airflow encrypts: `[core] fernet_key`.
///
/// The first one encrypts, any of them decrypts. The time in a token counts for nothing, as in Airflow. What was changed, or made
/// with another key, is found out before anything is decrypted, in time that does not depend on what is wrong with it.
///
/// # Examples
///
/// ```
/// use http_hook_sources::Fernet;
///
/// let old = Fernet::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// let token = old.encrypt("open sesame")?;
///
/// let both = Fernet::new("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// assert_eq!(both.decrypt(&token)?.expose(), "open sesame");
/// let token = both.rotate(&token)?;
/// assert!(old.decrypt(&token).is_err());
/// # Ok::<(), http_hook_sources::SourceError>(())
/// ```
#[derive(Clone)]
pub struct Fernet {
    keys: Vec<Key>,
}

/// Half of it signs, half encrypts.
#[derive(Clone)]
struct Key(Secret);

/// Tells how many keys there are.
impl fmt::Debug for Fernet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fernet({} keys)", self.keys.len())
    }
}

impl Fernet {
    /// Reads keys, parted by commas.
    ///
    /// # Errors
    ///
    /// Kind [`Key`](SourceErrorKind::Key) if any of them is not 32 bytes in URL-safe base64; an empty one, as behind a comma at the
    /// end, is none.
    pub fn new(keys: &str) -> Result<Self, SourceError> {
        let read = |key: &str| {
            let key = key.trim();
            let bytes = BASE64.decode(key).ok().filter(|bytes| bytes.len() == 32);
            bytes.map(|_| Key(Secret::new(key)))
        };
        let keys: Option<Vec<Key>> = keys.split(',').map(read).collect();
        let says = "Fernet key must be 32 url-safe base64-encoded bytes.";
        let keys = keys.ok_or_else(|| SourceError::new(SourceErrorKind::Key, "fernet", says))?;
        Ok(Self { keys })
    }

    /// Makes the text of a new key.
    ///
    /// # Errors
    ///
    /// If the system gives no random numbers.
    pub fn generate_key() -> Result<Secret, SourceError> {
        let mut bytes = [0; 32];
        fill(&mut bytes)?;
        Ok(Secret::new(BASE64.encode(bytes)))
    }

    /// Encrypts a text with the first key.
    ///
    /// # Errors
    ///
    /// If the system gives no random numbers.
    pub fn encrypt(&self, text: &str) -> Result<String, SourceError> {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        self.encrypt_at(text, now)
    }

    fn encrypt_at(&self, text: &str, time: u64) -> Result<String, SourceError> {
        let mut iv = [0; 16];
        fill(&mut iv)?;
        Ok(self.seal(text, time, iv))
    }

    /// Encrypts with everything given.
    pub(crate) fn seal(&self, text: &str, time: u64, iv: [u8; 16]) -> String {
        // There is at least one: a text has at least one part.
        let Some(key) = self.keys.first() else { return String::new() };
        let [signing, encryption] = key.halves();
        let cipher = cbc::Encryptor::<Aes128>::new(&encryption.into(), &iv.into());
        let sealed = cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
        let mut token = vec![VERSION];
        token.extend_from_slice(&time.to_be_bytes());
        token.extend_from_slice(&iv);
        token.extend_from_slice(&sealed);
        let sum = mac(signing, &token).finalize().into_bytes();
        token.extend_from_slice(&sum);
        BASE64.encode(token)
    }

    /// Decrypts a text with whichever of the keys it was made with.
    ///
    /// # Errors
    ///
    /// Kind [`Token`](SourceErrorKind::Token) if it was made with none of them, was changed, or is none.
    pub fn decrypt(&self, token: &str) -> Result<Secret, SourceError> {
        self.open(token).map(|(text, _)| text)
    }

    /// Decrypts a text and encrypts it again with the first key. The time in it stays, as in Airflow.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt), and if the system gives no random numbers.
    pub fn rotate(&self, token: &str) -> Result<String, SourceError> {
        let (text, time) = self.open(token)?;
        self.encrypt_at(text.expose(), time)
    }

    fn open(&self, token: &str) -> Result<(Secret, u64), SourceError> {
        let invalid = || {
            let says = "made with another key, or changed";
            SourceError::new(SourceErrorKind::Token, "fernet", says)
        };
        let bytes = BASE64.decode(token).map_err(|_| invalid())?;
        let length = bytes.len().checked_sub(SUM).filter(|length| *length >= HEAD + 16);
        let (signed, sum) = bytes.split_at(length.ok_or_else(invalid)?);
        let (head, sealed) = signed.split_at(HEAD);
        if head[0] != VERSION {
            return Err(invalid());
        }
        for key in &self.keys {
            let [signing, encryption] = key.halves();
            // Compares in constant time, and comes before all else.
            if mac(signing, signed).verify_slice(sum).is_err() {
                continue;
            }
            let iv: [u8; 16] = head[9..].try_into().map_err(|_| invalid())?;
            let cipher = cbc::Decryptor::<Aes128>::new(&encryption.into(), &iv.into());
            let text = cipher.decrypt_padded_vec::<Pkcs7>(sealed).map_err(|_| invalid())?;
            let time = head[1..9].try_into().map_err(|_| invalid())?;
            let text = String::from_utf8(text).map_err(|_| invalid())?;
            return Ok((Secret::new(text), u64::from_be_bytes(time)));
        }
        Err(invalid())
    }
}

impl Key {
    fn halves(&self) -> [[u8; 16]; 2] {
        // It was read once; a key that is none signs with zeros, which verifies nothing.
        let bytes = BASE64.decode(self.0.expose()).unwrap_or_default();
        let half = |from: usize| {
            bytes.get(from..from + 16).and_then(|half| half.try_into().ok()).unwrap_or_default()
        };
        [half(0), half(16)]
    }
}

fn mac(key: [u8; 16], signed: &[u8]) -> Hmac<Sha256> {
    // A key of any length will do, so that this cannot fail.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("any length is one");
    mac.update(signed);
    mac
}

fn fill(bytes: &mut [u8]) -> Result<(), SourceError> {
    getrandom::fill(bytes).map_err(|_| {
        SourceError::new(SourceErrorKind::Io, "fernet", "the system gives no random numbers")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    /// The vectors of the specification: generate.json and verify.json.
    #[test]
    fn a_token_is_the_specified_one() {
        let fernet = Fernet::new(KEY).unwrap();
        let iv = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        assert_eq!(fernet.seal("hello", 499_162_800, iv), token);
        assert_eq!(fernet.decrypt(token).unwrap().expose(), "hello");
    }

    /// Those of invalid.json, less the ones about time, and every token with one bit turned.
    #[test]
    fn what_was_changed_is_not_decrypted() {
        let fernet = Fernet::new(KEY).unwrap();
        let rows = [
            (
                "incorrect mac",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
            ),
            ("too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=="),
            (
                "invalid base64",
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
            ),
            (
                "payload size not multiple of block size",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
            ),
            (
                "payload padding error",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
            ),
            ("empty", ""),
        ];
        for (why, token) in rows {
            let error = fernet.decrypt(token).unwrap_err();
            assert_eq!(error.kind(), SourceErrorKind::Token, "{why}");
        }
        let token = BASE64.decode(fernet.encrypt("open sesame").unwrap()).unwrap();
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(fernet.decrypt(&BASE64.encode(changed)).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_rotated_token_keeps_its_time_and_has_another_iv() {
        let other = Fernet::generate_key().unwrap();
        let both = Fernet::new(&format!("{},{KEY}", other.expose())).unwrap();
        let token = Fernet::new(KEY).unwrap().seal("text", 7, [9; 16]);
        let again = both.rotate(&token).unwrap();
        assert_eq!(both.open(&again).unwrap(), (Secret::new("text"), 7));
        assert!(Fernet::new(KEY).unwrap().decrypt(&again).is_err());
        assert_ne!(both.rotate(&token).unwrap(), again);
        assert_eq!(format!("{both:?}"), "Fernet(2 keys)");
    }
}
