//! A file up and a file down, neither of them in memory.
//!
//! `cargo run -p http-hook-isahc --example stream` calls a server of its own on loopback.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};

use http_hook::blocking::Body;
use http_hook::body::Replay;
use http_hook::{Connection, Hook, RequestPlan, Sent, TransportError, TransportErrorKind};
use http_hook_conformance::server::{Reply, serve};

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let files =
        server.route_at("/files", [Reply::status(201, &[], b""), Reply::ok(&vec![b'x'; 100_000])]);
    let connection = Connection::parse(&format!("http://reader:secret@{}", server.addr()))?;
    let api = http_hook_isahc::blocking_http_hook(Hook::new(&connection)?)?;

    let folder = std::env::temp_dir();
    let path = folder.join(format!("http-hook-{}", std::process::id()));
    File::create(&path)?.write_all(&vec![b'y'; 200_000])?;

    // Up. It is opened once for each send: a redirect or a retry begins again at the first byte.
    let len = path.metadata()?.len();
    let cannot_read = |error: io::Error| {
        TransportError::new(TransportErrorKind::RequestBody, Sent::No).with_source(error)
    };
    let mut source = || Ok(Body::reader(Some(len), File::open(&path).map_err(cannot_read)?));
    let plan = RequestPlan::put("files").external(Some(len), Replay::Again);
    let response = api.run_with_body(plan, &mut source)?;
    println!("up: {}, {len} bytes", response.status());

    // Down, as it comes.
    let response = api.stream(RequestPlan::get("files"))?;
    let mut file = File::create(&path)?;
    let count = io::copy(&mut response.into_body(), &mut file)?;
    println!("down: {count} bytes");

    std::fs::remove_file(&path)?;
    assert_eq!(files.requests().len(), 2);
    Ok(())
}
