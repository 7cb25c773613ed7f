//! A program that calls `sales` and `orders` wherever they are stored: `cargo run -p http-hook-sources --example container`.
//!
//! It makes a directory as a container has it, and itself sets no more than `HTTP_HOOK_SOURCES` does in one.

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use http_hook_isahc::blocking::from_hook;
use http_hook_sources::blocking::Sources;

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve()?;
    let root = tempfile::tempdir()?;
    let root = root.path();
    fs::create_dir_all(root.join("run/secrets/sales"))?;
    // As Kubernetes mounts a secret: a file a field.
    fs::write(root.join("run/secrets/sales/host"), format!("http://{server}"))?;
    fs::write(root.join("run/secrets/sales/username"), "svc")?;
    fs::write(root.join("run/secrets/sales/password"), "of-the-mount")?;
    // As a developer has it.
    let dotenv = format!("AIRFLOW_CONN_ORDERS='http://svc:of-dotenv@{server}'\n");
    fs::write(root.join(".env"), dotenv)?;
    // As Airflow's local backend has it.
    let yaml = format!("orders: http://svc:of-yaml@{server}\nstock: http://svc:of-yaml@{server}\n");
    fs::write(root.join("conns.yaml"), yaml)?;

    let list =
        format!("env, dir:{0}/run/secrets, dotenv:{0}/.env?, file:{0}/conns.yaml", root.display());
    // In a container: Sources::standard(), which reads the list of HTTP_HOOK_SOURCES.
    let sources = Sources::parse(&list)?;

    for id in ["sales", "orders", "stock"] {
        let api = from_hook(sources.hook(id)?.build()?)?;
        let answer = api.get("v1/whoami").send()?;
        let name = String::from_utf8_lossy(answer.body()).into_owned();
        let origin = sources.origin(id)?;
        let place = origin.place().unwrap_or_default().replace(&root.display().to_string(), "");
        println!("{id}: {name}, from {place}, shadows {}", origin.shadowed().count());
    }
    Ok(())
}

/// Answers three requests with the password that they show.
fn serve() -> std::io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).to_lowercase();
            let shown =
                head.lines().find(|line| line.starts_with("authorization: basic ")).is_some();
            let body = if shown { "known" } else { "unknown" };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Ok(address)
}
