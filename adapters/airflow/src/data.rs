//! The argument `data`.

use bytes::Bytes;
use http_hook::RequestPlan;
use http_hook::body::Replay;
use http_hook::request::{Data, form};
use serde_json::Value;

use crate::argument::{Argument, plain};
use crate::call::Source;
use crate::error::ArgumentError;

pub(crate) fn with_data(
    plan: RequestPlan,
    data: &Value,
) -> Result<(RequestPlan, Option<Source>), ArgumentError> {
    let plan = match Argument::read(data) {
        Argument::None => plan,
        Argument::Text(text) => plan.data(text),
        Argument::Bytes(bytes) => plan.data(bytes),
        Argument::Source { length, content } => {
            let source = Source { length, content: content.map(Bytes::from) };
            return Ok((plan.external(length, Replay::Once), Some(source)));
        }
        Argument::Dict(_) | Argument::List(_) | Argument::Tuple(_) => {
            let form = form::from_value(&plain(data));
            plan.data(Data::Form(form.map_err(|error| ArgumentError::refused("data", error))?))
        }
        _ => {
            let wanted = "must be a text, bytes, a dict, a list of pairs, or a source";
            return Err(ArgumentError::wrong_type("data", wanted));
        }
    };
    Ok((plan, None))
}
