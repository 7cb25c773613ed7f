//! The answer: to a file, a pipe or a screen; its head, its body, and all of it as one line of JSON.

mod body;
mod charset;
mod decode;
mod envelope;
mod head;
pub(crate) mod json;
mod lines;
mod sink;

pub(crate) use body::{Written, write, write_failed};
pub(crate) use envelope::{Content, envelope};
pub(crate) use head::{Heads, response_head};
pub(crate) use lines::{elements, items, lacks, members, text_at};
pub(crate) use sink::{Making, Target, of_stdout, to_stdout};
