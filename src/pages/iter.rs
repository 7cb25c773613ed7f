//! Pages, and items, one after the other through a hook. What waits for them is with the hook.

use std::fmt;
use std::marker::PhantomData;
use std::vec;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use super::Pages;
use crate::base::{Error, ErrorKind};
use crate::response::Failure;
use crate::response::ext::otherwise;

/// The pages of an answer, read through a hook: `HttpHook::pages` makes it.
///
/// `H` is an [`HttpHook`](crate::HttpHook), which has an async `next`, or a [`blocking::HttpHook`](crate::blocking::HttpHook), of which
/// this is an iterator. After the first failure there is no further page.
#[must_use = "pages are read one by one"]
pub struct PageIter<'a, H, B> {
    pub(crate) on: &'a H,
    pub(crate) pages: Pages<'a, B>,
}

/// The items of all pages: see [`PageIter::items`].
#[must_use = "items are read one by one"]
pub struct ItemIter<'a, H, B, I> {
    pub(crate) pages: PageIter<'a, H, B>,
    /// As they are written: a number may have more digits than a value has room for.
    ready: vec::IntoIter<Bytes>,
    item: PhantomData<fn() -> I>,
}

impl<'a, H, B: From<Bytes>> PageIter<'a, H, B> {
    pub(crate) const fn new(on: &'a H, pages: Pages<'a, B>) -> Self {
        Self { on, pages }
    }

    /// Returns the machine: what was read so far, and what is to be [stored](Pages::store) between two pages.
    pub const fn pages(&self) -> &Pages<'a, B> {
        &self.pages
    }

    /// Gives the items of the pages in the place of the pages: of the array that [`Paging::items`](super::Paging::items) names,
    /// else of the whole. Each is read from its text, so that a number has all its
    /// digits where `I` has room for them, and is an error where it has none, as in [`json`](crate::ResponseExt::json).
    pub fn items<I: DeserializeOwned>(mut self) -> ItemIter<'a, H, B, I> {
        let ready = std::mem::take(&mut self.pages.rest).into_iter();
        ItemIter { pages: self, ready, item: PhantomData }
    }
}

impl<'a, H, B: From<Bytes>, I: DeserializeOwned> ItemIter<'a, H, B, I> {
    /// Returns the pages that the items come from, to be looked at. [`store`](Self::store) keeps the items that were not taken yet, too:
    /// the pages alone do not.
    pub const fn pages(&self) -> &Pages<'a, B> {
        &self.pages.pages
    }

    /// Writes the pages that are left as JSON, as [`Pages::store`] does, and with them the items of the last page that were not taken
    /// yet: `resume_pages(&text)?.items()` goes on with the next item, in another process, too.
    ///
    /// # Errors
    ///
    /// As there; and for an item that repeats what is the connection's. Where no item is left, nothing is pending.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::pages::Paging;
    /// use http_hook_mock::{Reply, blocking::connect};
    ///
    /// let replies = [Reply::json(200, r#"{"ids": [1, 2, 3], "next": "c1"}"#), Reply::json(200, r#"{"ids": [4]}"#)];
    /// let api = connect("https://api.example.test", replies)?;
    /// let mut ids = api.pages(api.get("v1/orders"), Paging::cursor("/next", "cursor").items("/ids")).items::<u32>();
    /// let first: Vec<_> = ids.by_ref().take(2).collect::<Result<_, _>>()?;
    /// let stored = ids.store()?;
    ///
    /// let rest = api.resume_pages(&stored)?.items::<u32>().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!((first, rest), (vec![1, 2], vec![3, 4]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn store(&self) -> Result<String, Error> {
        self.pages.pages.store_with(self.ready.as_slice())
    }

    /// Returns the next item of the page at hand.
    pub(crate) fn at_hand(&mut self) -> Option<Result<I, Failure>> {
        let item = self.ready.next()?;
        Some(serde_json::from_slice(&item).map_err(|_| {
            self.ready = Vec::new().into_iter();
            let says = format!("pages: an item is not what is expected{}", otherwise::<I>(&item));
            self.pages.pages.end(Error::new(ErrorKind::Body, says))
        }))
    }

    /// Takes a page.
    pub(crate) fn page(&mut self, page: &Response<Bytes>) -> Result<(), Failure> {
        match self.pages.pages.paging().written_items(page) {
            Ok(items) => self.ready = items.into_iter(),
            Err(error) => return Err(self.pages.pages.end(error)),
        }
        Ok(())
    }
}

impl<H, B> fmt::Debug for PageIter<'_, H, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageIter").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<H, B, I> fmt::Debug for ItemIter<'_, H, B, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemIter")
            .field("pages", &self.pages)
            .field("at_hand", &self.ready.len())
            .finish_non_exhaustive()
    }
}
