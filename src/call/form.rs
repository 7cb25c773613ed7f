//! The two parts of a stored call as data, made of a call and read back.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use super::build::Ready;
use super::cause::WaitReason;
use super::end::stranger;
use super::form_body::{Body, body_form, body_kind};
use super::link_form::LinkForm;
use super::may::{check_path, check_query, not_storable, stored};
use super::owner::Owner;
use super::state::{Phase, State};
use crate::base::chance::digest;
use crate::base::headers::MAX_HEADERS;
use crate::base::json::at_most;
use crate::base::redact::is_open;
use crate::base::{Error, Sent, Timestamp};
use crate::gates::Paid;
use crate::hook::Hook;
use crate::options::{Options, Setting};
use crate::request::RequestPlan;
use crate::request::checks::More;
use crate::request::record::Kind;
use crate::request::resend::Resend;
use crate::request::shared::CallHeader;
use crate::retry::{ByClass, FailureClass, RetryPolicy};

/// The version written. Readers take this one and, once there are later ones, at least two before it.
pub(super) const VERSION: u32 = 2;

/// Both parts as one text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) version: u32,
    pub(super) plan: PlanForm,
    pub(super) progress: ProgressForm,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanForm {
    pub(super) version: u32,
    pub(super) method: String,
    pub(super) endpoint: String,
    pub(super) params: String,
    #[serde(deserialize_with = "at_most::<MAX_HEADERS, _, _>")]
    pub(super) headers: Vec<HeaderForm>,
    pub(super) body: Body,
    pub(super) options: Option<Box<Options>>,
    pub(super) policy: Option<RetryPolicy>,
    /// What the response has to be, and what is made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checks: Option<Box<More>>,
    /// Where a response said that the call goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<LinkForm>,
    /// What was in force when the call began, whatever hook takes it up.
    pub(super) resend: Resend,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderForm {
    name: String,
    value: Option<String>,
    /// Whether the caller marked it as storable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    storable: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgressForm {
    pub(super) version: u32,
    pub(super) state: Moment,
    /// Both as an [`Owner`] has them.
    pub(super) connection: Option<String>,
    pub(super) base: String,
    /// The digest of the plan that it belongs to.
    pub(super) plan: String,
    /// Sixteen hexadecimal digits: JSON numbers are not whole beyond 2^53 everywhere.
    pub(super) seed: String,
    pub(super) started: Timestamp,
    pub(super) written: Timestamp,
    pub(super) due: Timestamp,
    pub(super) deadline: Option<Timestamp>,
    pub(super) waits_for: WaitReason,
    pub(super) sends: u32,
    pub(super) attempt_number: u32,
    pub(super) previous_wait: Duration,
    pub(super) idle_for: Duration,
    #[serde(default, skip_serializing_if = "ByClass::is_empty")]
    pub(super) before: ByClass,
    /// Whether the server may have seen a request of it, where nothing else says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) seen: bool,
    /// Whether the attempt to come is paid for already: it has sent its request for a token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) paid: bool,
    /// What kind of failure the attempt to come makes good, by which it is paid for.
    #[serde(default, skip_serializing_if = "is_any_error")]
    pub(super) class: FailureClass,
    pub(super) digest: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Moment {
    Waiting,
    Interrupted,
}

/// Writes both parts as one text.
pub(super) fn both(state: &State, hook: &Hook, moment: Moment) -> Result<String, Error> {
    let plan = plan_form(state, hook)?;
    let progress = progress_form(state, hook, moment, &plan)?;
    text_of(&Form { version: VERSION, plan, progress })
}

pub(super) fn plan_form(state: &State, hook: &Hook) -> Result<PlanForm, Error> {
    plan_with(state, hook, body_form)
}

/// Tells whether the plan can be written, without the work of writing its body.
pub(super) fn check_plan(state: &State, hook: &Hook) -> Result<(), Error> {
    text_of(&plan_with(state, hook, body_kind)?).map(drop)
}

fn plan_with(
    state: &State,
    hook: &Hook,
    body: fn(&Ready) -> Result<Body, Error>,
) -> Result<PlanForm, Error> {
    let ready = &state.ready;
    if !hook.made(&ready.in_force) {
        return Err(stranger("call"));
    }
    #[cfg(feature = "cookies")]
    if ready.has_cookies {
        return Err(not_storable("the cookies of the call"));
    }
    if ready.has_own_auth() {
        return Err(not_storable(
            "the authentication of the call (give it to the hook, which is not stored)",
        ));
    }
    if ready.options.as_ref().is_some_and(|options| options.proxies != Setting::Inherit) {
        return Err(not_storable("the option proxies of the call"));
    }
    if ready.more.as_ref().is_some_and(|more| !more.is_storable()) {
        return Err(not_storable("code in the response check or the filter of the call"));
    }
    // A fragment is never sent.
    let endpoint = ready.text.endpoint().split('#').next().unwrap_or_default();
    let params = ready.text.params();
    let (path, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    check_path(path)?;
    check_query(query)?;
    check_query(&params)?;
    Ok(PlanForm {
        version: VERSION,
        method: ready.method.as_str().to_owned(),
        endpoint: endpoint.to_owned(),
        params,
        headers: ready.text.headers().map(header_form).collect::<Result<_, _>>()?,
        body: body(ready)?,
        options: ready.options.clone(),
        policy: ready.policy.as_deref().cloned(),
        checks: ready.more.clone().filter(|more| more.reads_response()),
        link: ready.link().map(|link| LinkForm::new(hook, link)).transpose()?,
        resend: ready.resend,
    })
}

pub(super) fn progress_form(
    state: &State,
    hook: &Hook,
    moment: Moment,
    plan: &PlanForm,
) -> Result<ProgressForm, Error> {
    // A token request asks nothing of the API: whoever takes it up begins the attempt again. So does who takes up what waits
    // within an attempt, for a gate or for a token.
    let only_token = state.is_fetching() && !state.is_redirected();
    let moment = if only_token { Moment::Waiting } else { moment };
    let begun =
        only_token || moment == Moment::Waiting && matches!(state.phase, Phase::Sent { .. });
    let attempt_number = u32::from(state.attempt_number).saturating_sub(u32::from(begun));
    let says_so =
        moment == Moment::Interrupted || attempt_number > 0 && state.may_retry(Sent::Maybe).is_ok();
    let owner = Owner::of(hook);
    let form = ProgressForm {
        version: VERSION,
        state: moment,
        connection: owner.connection,
        base: owner.base,
        plan: digest(&text_of(plan)?),
        seed: format!("{:016x}", state.seed),
        started: state.started,
        written: state.latest,
        due: state.due,
        deadline: state.deadline,
        waits_for: state.waits_for,
        sends: state.sends.into(),
        attempt_number,
        previous_wait: state.previous_wait,
        idle_for: state.idle_for,
        before: if state.policy(hook).counts() { state.before } else { ByClass::NONE },
        seen: state.seen > Sent::No && !says_so,
        paid: moment == Moment::Waiting
            && !only_token
            && attempt_number > 0
            && state.paid.is_spent(),
        class: if moment == Moment::Waiting && attempt_number > 0 {
            state.paid.class()
        } else {
            FailureClass::Error
        },
        digest: String::new(),
    };
    Ok(ProgressForm { digest: digest(&text_of(&form)?), ..form })
}

impl PlanForm {
    /// Makes the plan anew, by the checks of any plan.
    pub(super) fn restore(self, hook: &Hook) -> Result<RequestPlan, Error> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| stored("the method is not one"))?;
        let mut plan = RequestPlan::new(method, self.endpoint).params_text(&self.params);
        for HeaderForm { name, value, storable } in self.headers {
            plan = match value {
                None => plan.without_header(&name),
                Some(value) if storable => plan.storable_header(&name, &value),
                Some(value) => plan.header(&name, &value),
            };
        }
        let rare = plan.rare();
        rare.made = Some(self.body.restore()?);
        rare.options = self.options;
        rare.policy = self.policy.map(Arc::new);
        rare.more = self.checks;
        if let Some(link) = self.link {
            rare.more.get_or_insert_default().link = Some(link.restore(hook)?);
        }
        plan.resend = match self.resend {
            Resend::ByMethod => Resend::ByMethodOnly,
            own => own,
        };
        Ok(plan)
    }
}

impl ProgressForm {
    pub(super) fn restore(self, state: &mut State, hook: &Hook, now: Timestamp) {
        // A clock that went back: no time has passed since.
        let written = self.written;
        let moved = |at: Timestamp| {
            if now >= written {
                at
            } else if at >= written {
                now.after(at.since(written))
            } else {
                now.before(written.since(at))
            }
        };
        state.started = moved(self.started);
        state.latest = moved(written);
        state.due = moved(self.due);
        state.deadline = self.deadline.map(moved);
        state.waits_for = self.waits_for;
        // Both were found to be at most `MAX_SENDS`.
        state.sends = u16::try_from(self.sends).unwrap_or(u16::MAX);
        state.attempt_number = u16::try_from(self.attempt_number).unwrap_or(u16::MAX);
        state.previous_wait = self.previous_wait;
        (state.idle_for, state.before) = (self.idle_for, self.before);
        if self.seen || self.state == Moment::Interrupted {
            state.seen = Sent::Maybe;
        }
        let is_retry = self.attempt_number > 0 && self.state == Moment::Waiting;
        state.owes = is_retry && !self.paid;
        state.paid = if is_retry && self.paid {
            hook.gates().paid_before(self.class)
        } else {
            Paid::nothing(self.class)
        };
        state.phase = match self.state {
            Moment::Waiting => Phase::Due,
            Moment::Interrupted => Phase::Interrupted,
        };
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_any_error(class: &FailureClass) -> bool {
    *class == FailureClass::Error
}

fn header_form(header: CallHeader<'_>) -> Result<HeaderForm, Error> {
    let name = header.name().to_owned();
    let Some(text) = header.value() else {
        return Ok(HeaderForm { name, value: None, storable: false });
    };
    let open = is_open(&name, text);
    let may = match header.kind() {
        Kind::Secret => false,
        Kind::Storable => true,
        Kind::Plain | Kind::Removes => open,
    };
    if !may {
        return Err(not_storable(&format!(
            "header {name} (if it is no secret, set it by `storable_header`)"
        )));
    }
    let storable = header.kind() == Kind::Storable && !open;
    Ok(HeaderForm { value: Some(text.to_owned()), name, storable })
}

pub(super) fn text_of<T: Serialize>(form: &T) -> Result<String, Error> {
    serde_json::to_string(form).map_err(|_| not_storable("the policy of the call"))
}
