//! How the next page is found, as data.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::link::link_or_fault;
use super::places::{Body, field, written_items};
use crate::base::json::{is_pointer, read_any};
use crate::base::{Error, ErrorKind, Quiet, caught, size};
use crate::call::follow::Place;
use crate::request::RequestPlan;

/// How the next page is found, where its items are, and how much is read at most.
///
/// Places in a JSON body are pointers by [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901).
///
/// # Examples
///
/// ```
/// use http_hook::pages::Paging;
///
/// let github = Paging::link();
/// let odata = Paging::next_url("/@odata.nextLink").items("/value");
/// let slack = Paging::cursor("/response_metadata/next_cursor", "cursor").items("/messages");
/// let jira = Paging::offset("startAt", "maxResults", 50).items("/issues").total("/total").max_pages(100);
/// # let _ = (github, odata, slack, jira);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    next: Next,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<String>,
    max_pages: u64,
    max_items: u64,
    max_bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Next {
    Link {
        rel: String,
    },
    Url {
        pointer: String,
    },
    Cursor {
        pointer: String,
        param: String,
    },
    CursorHeader {
        header: String,
        param: String,
    },
    Page {
        param: String,
        first: u64,
    },
    Offset {
        param: String,
        limit_param: String,
        limit: u64,
    },
    #[serde(skip)]
    Custom(Code),
}

type Found =
    dyn Fn(&Response<Bytes>, RequestPlan) -> Result<Option<RequestPlan>, Error> + Send + Sync;

#[derive(Clone)]
struct Code(Arc<Found>);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    pub(super) pages: u64,
    pub(super) items: u64,
    pub(super) bytes: u64,
}

impl Paging {
    fn new(next: Next) -> Self {
        let (items, more, total) = (None, None, None);
        Self {
            next,
            items,
            more,
            total,
            max_pages: 10_000,
            max_items: u64::MAX,
            max_bytes: u64::MAX,
        }
    }

    /// Follows the header `Link` with the relation `next` ([RFC 8288](https://www.rfc-editor.org/rfc/rfc8288)).
    #[must_use]
    pub fn link() -> Self {
        Self::new(Next::Link { rel: "next".to_owned() })
    }

    /// Follows a URL in the body; absent, null, false or empty ends.
    #[must_use]
    pub fn next_url(pointer: impl Into<String>) -> Self {
        Self::new(Next::Url { pointer: pointer.into() })
    }

    /// Sends a text of the body, or a number as it is written, as this parameter; absent, null, false or empty ends.
    #[must_use]
    pub fn cursor(pointer: impl Into<String>, param: impl Into<String>) -> Self {
        Self::new(Next::Cursor { pointer: pointer.into(), param: param.into() })
    }

    /// Sends the value of a header as this parameter; absent or empty ends.
    #[must_use]
    pub fn cursor_header(header: impl Into<String>, param: impl Into<String>) -> Self {
        Self::new(Next::CursorHeader { header: header.into(), param: param.into() })
    }

    /// Sends the number of the page as this parameter, from `first` on. It ends with a page without [items](Self::items), or by
    /// [`more`](Self::more) or [`total`](Self::total).
    #[must_use]
    pub fn page(param: impl Into<String>, first: u64) -> Self {
        Self { items: Some(String::new()), ..Self::new(Next::Page { param: param.into(), first }) }
    }

    /// Sends how many items came before, and how many are wanted. It ends as [`page`](Self::page); a page shorter than that is no
    /// end: many servers give fewer.
    #[must_use]
    pub fn offset(param: impl Into<String>, limit_param: impl Into<String>, limit: u64) -> Self {
        let (param, limit_param) = (param.into(), limit_param.into());
        let next = Next::Offset { param, limit_param, limit };
        Self { items: Some(String::new()), ..Self::new(next) }
    }

    /// Makes the plan of the next page by code, of a response and of the first plan; `None` ends. It cannot be stored.
    #[must_use]
    pub fn custom(
        next: impl Fn(&Response<Bytes>, RequestPlan) -> Result<Option<RequestPlan>, Error>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let next = Quiet::new(next);
        let code = move |page: &Response<Bytes>, first: RequestPlan| {
            next.get().map_or(Ok(None), |next| next(page, first))
        };
        Self::new(Next::Custom(Code(Arc::new(code))))
    }

    /// Says where the array of items is in a page; empty, as with [`page`](Self::page) and [`offset`](Self::offset), is the whole. A page that
    /// has nothing there has no items, as servers leave empty arrays out: a place that no page has gives none, without an error.
    #[must_use]
    pub fn items(mut self, pointer: impl Into<String>) -> Self {
        self.items = Some(pointer.into());
        self
    }

    /// Ends after a page in which this place does not hold `true`, or what stands for it: `"true"`, `1`. What is neither that nor
    /// the opposite fails.
    #[must_use]
    pub fn more(mut self, pointer: impl Into<String>) -> Self {
        self.more = Some(pointer.into());
        self
    }

    /// Ends once as many items have come as the number in this place says; a text of digits is one, anything else fails.
    #[must_use]
    pub fn total(mut self, pointer: impl Into<String>) -> Self {
        self.total = Some(pointer.into());
        self
    }

    /// Fails instead of reading a further page. 10,000.
    #[must_use]
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.max_pages = pages;
        self
    }

    /// Fails instead of reading a further page once there are so many items. No limit; of pages whose items nobody
    /// [told](Self::items) none is counted.
    #[must_use]
    pub fn max_items(mut self, items: u64) -> Self {
        self.max_items = items;
        self
    }

    /// Fails instead of reading a further page once the bodies are so long together. No limit.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Returns the items of a page.
    ///
    /// # Errors
    ///
    /// Kind [`Body`](ErrorKind::Body) if the page is no JSON, or has something else than an array in their place.
    pub fn items_of(&self, page: &Response<Bytes>) -> Result<Vec<Value>, Error> {
        let body = Body::read(page)?;
        let items = body.array(self.items.as_deref().unwrap_or_default())?;
        Ok(items.filter_map(|item| Some(read_any(item.as_bytes()).ok()?.0)).collect())
    }

    /// The same as they are written.
    pub(super) fn written_items(&self, page: &Response<Bytes>) -> Result<Vec<Bytes>, Error> {
        written_items(page, self.items.as_deref().unwrap_or_default())
    }

    /// Checks the names of places: what nothing has would be an end after the first page.
    ///
    /// # Errors
    ///
    /// Kind [`Policy`](ErrorKind::Policy), as of a condition.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let own = match &self.next {
            Next::Url { pointer } | Next::Cursor { pointer, .. } => Some(pointer),
            _ => None,
        };
        let named = [own, self.items.as_ref(), self.more.as_ref(), self.total.as_ref()];
        if !named.into_iter().flatten().all(|pointer| is_pointer(pointer)) {
            let message =
                "pages: a pointer is empty or begins with `/`, and `~` stands in `~0` or `~1`";
            return Err(Error::new(ErrorKind::Policy, message));
        }
        match &self.next {
            Next::CursorHeader { header, .. }
                if HeaderName::from_bytes(header.as_bytes()).is_err() =>
            {
                let message = "pages: a header's name that is not a token";
                Err(Error::new(ErrorKind::Policy, message))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is data alone.
    pub(super) fn is_storable(&self) -> bool {
        !matches!(self.next, Next::Custom(_))
    }

    /// The parameter that the server's own word goes into.
    pub(super) fn cursor_param(&self) -> Option<&str> {
        match &self.next {
            Next::Cursor { param, .. } | Next::CursorHeader { param, .. } => Some(param),
            _ => None,
        }
    }

    /// The plan of the first page.
    pub(super) fn first(&self, base: RequestPlan) -> RequestPlan {
        match &self.next {
            Next::Page { param, first } => {
                base.with_params([(param.as_str(), first.to_string().as_str())])
            }
            Next::Offset { param, limit_param, limit } => base.with_params([
                (param.as_str(), "0"),
                (limit_param.as_str(), limit.to_string().as_str()),
            ]),
            _ => base,
        }
    }

    /// Counts a page, and makes the plan of the next one; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Why it is not to be read.
    pub(super) fn next(
        &self,
        base: &RequestPlan,
        place: Option<&Place>,
        page: &Response<Bytes>,
        read: &mut Read,
    ) -> Result<Option<RequestPlan>, Error> {
        read.pages = read.pages.saturating_add(1);
        read.bytes = read.bytes.saturating_add(size(page.body().len()));
        let by_pointer = matches!(self.next, Next::Url { .. } | Next::Cursor { .. });
        let reads =
            by_pointer || [&self.items, &self.more, &self.total].iter().any(|it| it.is_some());
        let body = if reads { Body::read(page)? } else { Body::UNREAD };
        let mut count = None;
        if let Some(pointer) = &self.items {
            let items = size(body.array(pointer)?.count());
            read.items = read.items.saturating_add(items);
            count = Some(items);
        }
        let total = self.total.as_ref().map_or(Ok(None), |pointer| body.total(pointer))?;
        let more = self.more.as_ref().map_or(Ok(true), |pointer| body.more(pointer))?;
        if !more || total.is_some_and(|all| read.items >= all) {
            return Ok(None);
        }
        let Some(next) = self.found(base, place, page, &body, count, read)? else {
            return Ok(None);
        };
        let over = [
            (read.pages >= self.max_pages, "pages: more than max_pages"),
            (read.items >= self.max_items, "pages: more than max_items"),
            (read.bytes >= self.max_bytes, "pages: more than max_bytes"),
        ];
        match over.into_iter().find(|(over, _)| *over) {
            Some((_, why)) => Err(Error::new(ErrorKind::Limit, why)),
            None => Ok(Some(next)),
        }
    }

    /// Whether code finds the next page, and may do so by a body that nobody else reads.
    pub(super) fn is_code(&self) -> bool {
        matches!(self.next, Next::Custom(_))
    }

    fn found(
        &self,
        base: &RequestPlan,
        place: Option<&Place>,
        page: &Response<Bytes>,
        body: &Body<'_>,
        count: Option<u64>,
        read: &Read,
    ) -> Result<Option<RequestPlan>, Error> {
        let to = |target: Option<String>| match (target, place) {
            (Some(target), Some(place)) => {
                place.follow(page, target.as_bytes()).map(|link| Some(base.clone().linked(link)))
            }
            _ => Ok(None),
        };
        let with = |param: &str, cursor: Option<String>| {
            Ok(cursor.map(|cursor| base.clone().with_params([(param, cursor.as_str())])))
        };
        match &self.next {
            Next::Link { rel } => to(link_or_fault(page.headers(), rel)?),
            Next::Url { pointer } => to(body.cursor(pointer)?),
            Next::Cursor { pointer, param } => with(param, body.cursor(pointer)?),
            Next::CursorHeader { header, param } => {
                with(param, field(page.headers(), header)?.map(str::to_owned))
            }
            Next::Page { .. } | Next::Offset { .. } if count == Some(0) => Ok(None),
            Next::Page { param, first } => {
                with(param, Some(first.saturating_add(read.pages).to_string()))
            }
            Next::Offset { param, limit_param, limit } => {
                let (offset, limit) = (read.items.to_string(), limit.to_string());
                let params = [(param.as_str(), offset.as_str()), (limit_param, limit.as_str())];
                Ok(Some(base.clone().with_params(params)))
            }
            Next::Custom(Code(code)) => caught(|| code(page, base.clone())).unwrap_or_else(|| {
                Err(Error::new(ErrorKind::Check, "pages: the code for the next one panicked"))
            }),
        }
    }
}
