//! Values for a fuzzer, from the bytes that it tries.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::any::{self, Choices};
use crate::{Conversation, Reply};

/// Makes a value of as many bytes as its choices take.
fn chosen<T>(bytes: &mut Unstructured<'_>, choose: impl Fn(&mut Choices<'_>) -> T) -> T {
    choose(&mut Choices(&mut || bytes.arbitrary().unwrap_or_default()))
}

/// Any reply: a response, an error, silence; at once or late, once or again. A `Vec<Reply>` is any script.
impl<'a> Arbitrary<'a> for Reply {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(chosen(bytes, any::reply))
    }
}

/// Up to four turns of trouble, then one response for good.
impl<'a> Arbitrary<'a> for Conversation {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(chosen(bytes, |choices| Self(any::conversation(choices))))
    }
}

impl Reply {
    /// Makes any response, well-formed or not, of a fuzzer's bytes.
    ///
    /// # Errors
    ///
    /// None today: where the bytes end, the rest is plain.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbitrary::Unstructured;
    /// use http_hook_mock::Reply;
    ///
    /// let reply = Reply::arbitrary_response(&mut Unstructured::new(&[]))?;
    /// assert_eq!(format!("{reply:#?}"), "Reply::status(200)");
    /// # Ok::<(), arbitrary::Error>(())
    /// ```
    pub fn arbitrary_response(bytes: &mut Unstructured<'_>) -> Result<Self> {
        Ok(chosen(bytes, any::response))
    }

    /// Makes any error that a transport can tell, of a fuzzer's bytes.
    ///
    /// # Errors
    ///
    /// None today: where the bytes end, the rest is plain.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbitrary::Unstructured;
    /// use http_hook_mock::Reply;
    ///
    /// let reply = Reply::arbitrary_error(&mut Unstructured::new(&[]))?;
    /// assert_eq!(format!("{reply:?}"), "error interrupted");
    /// # Ok::<(), arbitrary::Error>(())
    /// ```
    pub fn arbitrary_error(bytes: &mut Unstructured<'_>) -> Result<Self> {
        Ok(chosen(bytes, any::error))
    }
}
