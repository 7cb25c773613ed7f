//! What a durable step is usually used for: it sends, and its entry is made behind it. It is here to be seen failing.

use http_hook_reqwest::response::Outcome;
use http_hook_reqwest::{HttpHook, RequestPlan};
use http_hook_restate::Ask;
use http_hook_sources::Sources;
use restate_sdk::prelude::*;

use crate::Any;

pub(crate) struct Naive {
    api: HttpHook,
}

impl Naive {
    pub(crate) async fn new(sources: &Sources) -> Result<Self, Any> {
        Ok(Self { api: http_hook_reqwest::from_hook(sources.hook("storm").await?.build()?) })
    }
}

#[restate_sdk::service(name = "naive", client_visibility = "pub(crate)")]
impl Naive {
    #[handler(name = "call")]
    async fn call(&self, ctx: Context<'_>, ask: Json<Ask>) -> Result<Json<Outcome>, HandlerError> {
        let (api, ask) = (self.api.clone(), ask.into_inner());
        let send = ctx.run(move || async move {
            let plan = match ask.data {
                Some(data) => RequestPlan::post(&ask.endpoint).data(data),
                None => RequestPlan::get(&ask.endpoint),
            };
            Ok(Json(Outcome::of(&api.run(plan.retries(20)).await, 1024)))
        });
        Ok(send.name("send").await?)
    }
}
