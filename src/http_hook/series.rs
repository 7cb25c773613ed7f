//! Pages, polls and many calls at once through the async face.

use std::future::poll_fn;

use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;

use super::HttpHook;
use crate::body::Body;
use crate::drive::{drive_from, drive_in};
use crate::fanout::{Fanout, FanoutIter};
use crate::pages::{ItemIter, PageIter};
use crate::poll::{Poll, Polling, Turn};
use crate::request::RequestPlan;
use crate::response::Failure;
use crate::transport::{Clock, Transport};

impl<T: Transport, C: Clock> PageIter<'_, HttpHook<T, C>, Body> {
    /// Reads the next page; `None` if there is none. Where its future was dropped, the next one gives an error, and then there is none: what
    /// comes behind is not known.
    pub async fn next(&mut self) -> Option<Result<Response<Bytes>, Failure>> {
        if self.pages.is_over() {
            return None;
        }
        let face = &self.on.face;
        let result = match self.pages.take_run() {
            Ok(run) => {
                let page = drive_from(face.clock.now(), run, &*face.transport, &*face.clock).await;
                self.pages.took(page, face.clock.now())
            }
            Err(failure) => Err(failure),
        };
        Some(result)
    }
}

impl<T: Transport, C: Clock, I> FanoutIter<'_, HttpHook<T, C>, I, Body>
where
    I: Iterator<Item: Into<RequestPlan>>,
{
    /// Returns the next result; `None` if there is none. Calls go on only while this is awaited.
    pub async fn next(&mut self) -> Option<(u64, Result<Response<Bytes>, Failure>)> {
        let face = &self.on.face;
        let (transport, clock) = (&*face.transport, &*face.clock);
        poll_fn(|context| {
            self.poll(
                context,
                || clock.now(),
                |run| Box::pin(drive_in(clock.now(), run, transport, clock)),
            )
        })
        .await
    }
}

impl<T: Transport, C: Clock, I: DeserializeOwned> ItemIter<'_, HttpHook<T, C>, Body, I> {
    /// Returns the next item, reading the next page if it has to be; `None` if there is none.
    pub async fn next(&mut self) -> Option<Result<I, Failure>> {
        loop {
            if let Some(item) = self.at_hand() {
                return Some(item);
            }
            match self.pages.next().await? {
                Ok(page) => {
                    if let Err(failure) = self.page(&page) {
                        return Some(Err(failure));
                    }
                }
                Err(failure) => return Some(Err(failure)),
            }
        }
    }

    /// Reads all items that are left, into memory. Over a blocking hook these are an iterator, which has its own `collect`.
    ///
    /// # Errors
    ///
    /// The first failure; what was read until then is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::pages::Paging;
    /// # use http_hook::{Hook, HttpHook, options::Capabilities};
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: std::time::Duration) {}
    /// # }
    /// # let server = http_hook::transport::from_fn(Capabilities::none("server"), |_, _| async move {
    /// #     Ok(http::Response::new(bytes::Bytes::from("[7, 8]").into()))
    /// # });
    /// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
    /// # pollster::block_on(async {
    ///
    /// let ids: Vec<u32> = api.pages(api.get("v1/orders"), Paging::link()).items().collect().await?;
    /// assert_eq!(ids, [7, 8]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn collect(mut self) -> Result<Vec<I>, Failure> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T: Transport, C: Clock> HttpHook<T, C> {
    /// Makes many calls, at most `limit` at once, and gives their results as they come.
    ///
    /// # Examples
    ///
    /// ```
    /// use http_hook::{Hook, HttpHook};
    /// # use http_hook::options::Capabilities;
    /// # use std::time::Duration;
    /// # struct NoTime;
    /// # #[async_trait::async_trait]
    /// # impl http_hook::transport::Clock for NoTime {
    /// #     fn now(&self) -> http_hook::Timestamp { http_hook::Timestamp::default() }
    /// #     async fn sleep(&self, _: Duration) {}
    /// # }
    /// # let server = http_hook::transport::from_fn(Capabilities::none("server"), |request, _| async move {
    /// #     Ok(http::Response::new(request.into_body()))
    /// # });
    /// # let api = HttpHook::new(Hook::to("https://api.example.com")?, server, NoTime);
    ///
    /// let calls = (0..1000).map(|id| api.get(format!("v1/orders/{id}")).retries(3)); // or plans
    /// let mut results = api.fan_out(calls, 16);
    /// let mut passed = 0;
    /// pollster::block_on(async {
    ///     while let Some((_slot, result)) = results.next().await {
    ///         passed += u32::from(result.is_ok());
    ///     }
    /// });
    /// assert_eq!(passed, 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fan_out<I>(&self, plans: I, limit: usize) -> FanoutIter<'_, Self, I::IntoIter, Body>
    where
        I: IntoIterator<Item: Into<RequestPlan>>,
    {
        let calls = Fanout::new(&self.face.hook, plans.into_iter(), limit, self.face.draw());
        FanoutIter::new(self, self.face.observed(calls, Fanout::observer))
    }

    /// Asks until what is polled for has come.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: of a call, or of a poll that ended unsatisfied. Its [reason](Failure::reason) is
    /// [`Check`](crate::StopReason::Check) where [`fail_if`](Polling::fail_if) holds, its [response](Failure::response) being the one
    /// for which it does, and [`Deadline`](crate::StopReason::Deadline) where the time is over.
    pub async fn poll(
        &self,
        plan: impl Into<RequestPlan>,
        polling: Polling,
    ) -> Result<Response<Bytes>, Failure> {
        self.run_poll(self.begin_poll(plan, polling)).await
    }

    /// Goes on with a poll that was begun, or [stored](Poll::store).
    ///
    /// # Errors
    ///
    /// As [`poll`](Self::poll).
    pub async fn run_poll(&self, mut poll: Poll<'_, Body>) -> Result<Response<Bytes>, Failure> {
        let (transport, clock) = (&*self.face.transport, &*self.face.clock);
        poll.check(&self.face.hook)?;
        loop {
            match poll.turn(clock.now()) {
                Turn::Run(run) => {
                    let result = drive_from(clock.now(), run, transport, clock).await;
                    if let Some(result) = poll.took(result, clock.now()) {
                        return result;
                    }
                }
                Turn::Sleep(wait) => clock.sleep(wait).await,
                Turn::Done(result) => return result,
            }
        }
    }
}
