//! Strategies of proptest.

use proptest::arbitrary::{Arbitrary, any};
use proptest::collection::vec;
use proptest::strategy::{BoxedStrategy, Strategy};

use crate::any::{self, Choices};
use crate::{Conversation, Reply};

/// The most choices that are made for a reply; what is left open is plain.
const CHOICES: usize = 32;

/// The most replies of a script.
const REPLIES: usize = 12;

/// Any reply: [a response](any_response), [an error](any_error), silence; at once or late, once or again.
///
/// Shrinks towards a plain 200. What fails is printed as the code that makes it.
///
/// # Examples
///
/// ```
/// use http_hook_mock::{any_reply, blocking::connect};
/// use proptest::prelude::*;
///
/// proptest!(|(reply in any_reply())| {
///     let api = connect("https://api.example.test", [reply.always()]).unwrap();
///     let _ = api.get("v1/orders").retries(3).send();
///     prop_assert!(!api.get_conn().1.received().is_empty());
/// });
/// ```
pub fn any_reply() -> impl Strategy<Value = Reply> {
    chosen(any::reply)
}

/// Any response, well-formed or not: every status; redirects, challenges and hints that make sense or none; JSON whole, broken or
/// absent, under types that fit or do not; bodies in pieces, and bodies that break off.
pub fn any_response() -> impl Strategy<Value = Reply> {
    chosen(any::response)
}

/// Any error that a transport can tell, with what it can know about whether the request was sent.
pub fn any_error() -> impl Strategy<Value = Reply> {
    chosen(any::error)
}

/// Any script: up to 12 replies, of any kind, in any order. It may run out; a request after that is an error of kind
/// [`Bug`](http_hook::TransportErrorKind::Bug). It shrinks by leaving out replies.
pub fn any_script() -> impl Strategy<Value = Vec<Reply>> {
    vec(any_reply(), 0..=REPLIES)
}

/// Any conversation as it happens: up to four turns of trouble, then one response for good.
///
/// # Examples
///
/// ```
/// use http_hook_mock::{any_conversation, blocking::connect};
/// use proptest::prelude::*;
///
/// proptest!(|(server in any_conversation())| {
///     let api = connect("https://api.example.test", server).unwrap();
///     let result = api.get("v1/orders").retries(4).send();
///     prop_assert!(result.is_ok() || result.unwrap_err().sends() > 0);
/// });
/// ```
pub fn any_conversation() -> impl Strategy<Value = Conversation> {
    chosen(|choices| Conversation(any::conversation(choices)))
}

fn chosen<T: std::fmt::Debug>(choose: impl Fn(&mut Choices<'_>) -> T) -> impl Strategy<Value = T> {
    vec(any::<u8>(), 0..=CHOICES).prop_map(move |bytes| {
        let mut bytes = bytes.into_iter();
        choose(&mut Choices(&mut || bytes.next().unwrap_or_default()))
    })
}

impl Arbitrary for Reply {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        any_reply().boxed()
    }
}

impl Arbitrary for Conversation {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        any_conversation().boxed()
    }
}
