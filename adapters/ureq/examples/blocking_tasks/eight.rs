use std::error::Error;
use std::thread;
use std::time::Duration;

use http_hook_ureq::{connect, file, save};

#[derive(serde::Deserialize)]
struct Order {
    id: u64,
}

pub(crate) fn eight(base: &str, up: &str, down: &str) -> Result<usize, Box<dyn Error>> {
    let api = connect(base)?;
    let order: Order = api.get("order").read_json()?;
    assert_eq!(order.id, 1042);
    api.get("busy").retries(3).send()?;
    let missing = api.get("missing").send().unwrap_err();
    assert_eq!(missing.status().unwrap(), 404);
    let limit = Duration::from_millis(200);
    let slow = api.get("slow").timeout(limit).send().unwrap_err();
    assert!(slow.is_timeout());
    save(api.get("large").stream()?.into_body(), down, 1 << 30)?;
    api.put("files").upload(file(up)?).send()?;
    api.post("forms").part("file", file(up)?).send()?;
    let call = |id: u32| api.get("many").param("id", id).send().unwrap();
    Ok(thread::scope(|scope| {
        let calls: Vec<_> = (0..100).map(|id| scope.spawn(move || call(id))).collect();
        calls.into_iter().filter_map(|it| it.join().ok()).count()
    }))
}
