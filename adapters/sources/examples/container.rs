//! A program that calls connections wherever they are stored: `cargo run -p http-hook-sources --example container`.
//!
//! It makes a directory as a container has it, starts [`program`] there with variables as a container has them, and checks what that
//! found; the program itself is as anywhere.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::{env, fs, thread};

use http_hook_isahc::blocking::from_hook;
use http_hook_sources::blocking::Sources;

/// Logins, and what they are with the password `p` on the wire.
const BASIC: [(&str, &str); 4] = [
    ("env", "Basic ZW52OnA="),
    ("mount", "Basic bW91bnQ6cA=="),
    ("dotenv", "Basic ZG90ZW52OnA="),
    ("yaml", "Basic eWFtbDpw"),
];

/// Calls a server by the ids of its connections, and says where each was.
fn program(ids: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let sources = Sources::standard()?;
    for id in ids {
        let api = from_hook(sources.hook(&id)?.build()?)?;
        let answer = api.get("v1/whoami").send()?;
        let name = String::from_utf8_lossy(answer.body()).into_owned();
        let origin = sources.origin(&id)?;
        let (place, shadowed) = (origin.place().unwrap_or_default(), origin.shadowed().count());
        println!("{id}: {name}, from {place}, shadows {shadowed}");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let ids: Vec<String> = env::args().skip(1).collect();
    if !ids.is_empty() {
        return program(ids.into_iter());
    }
    let server = serve()?;
    let root = tempfile::tempdir()?;
    let at = |name: &str| root.path().join(name);
    fs::create_dir_all(at("secrets/sales"))?;
    // As Kubernetes mounts a secret: a file a field.
    fs::write(at("secrets/sales/host"), format!("http://{server}"))?;
    fs::write(at("secrets/sales/username"), "mount")?;
    fs::write(at("secrets/sales/password"), "p")?;
    // As a developer has it.
    fs::write(at(".env"), format!("AIRFLOW_CONN_ORDERS='http://dotenv:p@{server}'\n"))?;
    // As Airflow's local backend has it.
    let yaml = ["rates", "orders", "stock"].map(|id| format!("{id}: http://yaml:p@{server}\n"));
    fs::write(at("conns.yaml"), yaml.concat())?;

    let started = Command::new(env::current_exe()?)
        .args(["rates", "sales", "orders", "stock"])
        .current_dir(root.path())
        .env("HTTP_HOOK_SOURCES", "env, dir:secrets, dotenv:.env?, file:conns.yaml")
        .env("AIRFLOW_CONN_RATES", format!("http://env:p@{server}"))
        .env("NO_PROXY", "127.0.0.1")
        .output()?;
    let said = String::from_utf8_lossy(&started.stdout).into_owned();
    print!("{said}{}", String::from_utf8_lossy(&started.stderr));
    let expected = "rates: env, from env AIRFLOW_CONN_RATES, shadows 1\n\
        sales: mount, from directory secrets/sales, shadows 0\n\
        orders: dotenv, from env file .env AIRFLOW_CONN_ORDERS, line 1, shadows 1\n\
        stock: yaml, from file conns.yaml, line 3, shadows 0\n";
    if said == expected { Ok(()) } else { Err("not what is stored there".into()) }
}

/// Answers each request with the login that it shows.
fn serve() -> std::io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let shown = BASIC.iter().find(|(_, basic)| head.contains(basic));
            let body = shown.map_or("nobody", |(login, _)| login);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Ok(address)
}
