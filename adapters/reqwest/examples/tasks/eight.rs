use std::error::Error;
use std::time::Duration;

use futures_util::future::try_join_all;
use http_hook_reqwest::{connect, file, save};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

pub(crate) async fn eight(base: &str, up: &str, down: &str) -> Result<usize, Box<dyn Error>> {
    let api = connect(base)?;
    let order: Order = api.get("order").read_json().await?;
    assert_eq!(order.id, 1042);
    api.get("busy").retries(3).send().await?;
    let missing = api.get("missing").send().await.unwrap_err();
    assert_eq!(missing.status().unwrap(), 404);
    let limit = Duration::from_millis(200);
    let slow = api.get("slow").timeout(limit).send().await.unwrap_err();
    assert!(slow.is_timeout());
    let large = api.get("large").stream().await?;
    save(large.into_body(), down, 1 << 30).await?;
    api.put("files").upload(file(up)?).send().await?;
    api.post("forms").part("file", file(up)?).send().await?;
    let calls = (0..100).map(|id| api.get("many").param("id", id).send());
    Ok(try_join_all(calls).await?.len())
}
