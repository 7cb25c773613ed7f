//! stub
use super::{Connection, Problem};
use crate::request::Options;
/// stub
#[derive(Default)]
pub struct Extra {
    /// h
    pub headers: Vec<(String, Option<String>)>,
    /// o
    pub options: Options,
    /// r
    pub retry: Option<serde_json::Value>,
}
impl Extra {
    /// r
    pub fn read(_: &Connection, _: &mut Vec<Problem>) -> Self {
        Self::default()
    }
}
