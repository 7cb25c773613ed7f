//! Every row of an `OData` service: the URL of the next page in the body, or `$skip` and `$top`; 429 with `Retry-After`.
//!
//! `cargo run -p http-hook-reqwest --example odata` calls a server of its own on loopback, which checks what is done.

use std::error::Error;

use http_hook_conformance::apis::Api;
use http_hook_reqwest::pages::Paging;
use http_hook_reqwest::{Connection, from_connection};

#[derive(serde::Deserialize, PartialEq)]
struct Order {
    #[serde(rename = "OrderID")]
    id: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Api::odata();

    let service =
        Connection::new().with_host(server.base()).with_login("reader").with_password("secret");
    let api = from_connection(&service)?;

    // The service says where it goes on: `Prefer: odata.maxpagesize` asks for pages of a size.
    let by_links = Paging::next_url("/@odata.nextLink").items("/value");
    let list = |name| api.get(format!("odata/{name}")).param("$filter", "Total gt 100").retries(5);
    let orders: Vec<Order> = api.pages(list("Orders"), by_links.clone()).items().collect().await?;

    // Or the client counts, up to the number that `$count` asks for: where rows come and go meanwhile, links are safer.
    let by_count = Paging::offset("$skip", "$top", 50).items("/value").total("/@odata.count");
    let counted = list("Orders").param("$count", true).param("$orderby", "OrderID");
    assert!(orders == api.pages(counted, by_count).items().collect().await?);

    // A list that leads back to itself ends; one that leads to another origin takes no password along, as the server looks.
    let all = |name| api.pages(list(name), by_links.clone()).items::<Order>();
    println!("{}", all("Circle").collect().await.err().ok_or("it ends as if it were whole")?);
    assert_eq!(all("Moved").collect().await?.len(), orders.len());

    server.done(orders.iter().map(|order| order.id));
    Ok(())
}
