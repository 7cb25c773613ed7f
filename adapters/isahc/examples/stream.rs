//! A file up and a file down, neither of them in memory.
//!
//! `cargo run -p http-hook-isahc --example stream` calls a server of its own on loopback.

use std::error::Error;

use http_hook_conformance::server::{Reply, serve};
use http_hook_isahc::Connection;
use http_hook_isahc::blocking::{file, from_connection, save};

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve();
    let files =
        server.route_at("/files", [Reply::status(201, &[], b""), Reply::ok(&vec![b'x'; 100_000])]);
    let connection = Connection::parse(&format!("http://reader:secret@{}", server.addr()))?;
    let api = from_connection(&connection)?;
    let path = std::env::temp_dir().join(format!("http-hook-{}", std::process::id()));
    std::fs::write(&path, vec![b'y'; 200_000])?;

    // Up. It is opened once for each send: a redirect or a retry begins again at the first byte.
    let upload = file(&path)?.on_progress(|bytes| println!("up: {bytes} of 200000 bytes"));
    let response = api.put("files").upload(upload).retries(3).send()?;
    println!("up: {}, {} bytes", response.status(), files.requests()[0].body.len());

    // Down, as it comes, and at most so much. What breaks off is an error, never a shorter file.
    let count = save(api.get("files").stream()?.into_body(), &path, 1 << 20)?;
    println!("down: {count} bytes");

    std::fs::remove_file(&path)?;
    Ok(())
}
