use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use futures_util::future::try_join_all;
use reqwest::{Body, Client, multipart::Form};
use reqwest_middleware::ClientBuilder;
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

pub(crate) async fn eight(base: &str, up: &str, down: &str) -> Result<usize, Box<dyn Error>> {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    let api = ClientBuilder::new(Client::new()).with(retry).build();
    let once = ClientBuilder::new(Client::new()).build();
    let order = once.get(format!("{base}/order")).send().await?;
    let order: Order = order.error_for_status()?.json().await?;
    assert_eq!(order.id, 1042);
    let busy = api.get(format!("{base}/busy")).send().await?;
    busy.error_for_status()?;
    let missing = once.get(format!("{base}/missing")).send().await?;
    let missing = missing.error_for_status().unwrap_err();
    assert_eq!(missing.status().unwrap(), 404);
    let limit = Duration::from_millis(200);
    let slow = once.get(format!("{base}/slow")).timeout(limit);
    assert!(slow.send().await.unwrap_err().is_timeout());
    let large = once.get(format!("{base}/large")).send().await?;
    let mut large = large.error_for_status()?;
    let mut target = File::create(down)?;
    while let Some(piece) = large.chunk().await? {
        target.write_all(&piece)?;
    }
    let file = Body::from(tokio::fs::File::open(up).await?);
    let put = once.put(format!("{base}/files")).body(file);
    put.send().await?.error_for_status()?;
    let form = Form::new().file("file", up).await?;
    let post = once.post(format!("{base}/forms")).multipart(form);
    post.send().await?.error_for_status()?;
    let once = &once;
    let calls = (0..100).map(|id| async move {
        let call = once.get(format!("{base}/many")).query(&[("id", id)]);
        let response = call.send().await?.error_for_status()?;
        Ok::<_, Box<dyn Error>>(response)
    });
    Ok(try_join_all(calls).await?.len())
}
