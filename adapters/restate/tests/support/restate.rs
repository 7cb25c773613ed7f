//! A server of Restate, and its workers.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io};

use http_hook_reqwest::RequestPlan;
use http_hook_storm::Workers;

type Any = Box<dyn std::error::Error + Send + Sync>;

/// A server on loopback, with all that it keeps in one directory.
pub(crate) struct Restate {
    process: Workers,
    ingress: u16,
    admin: u16,
    /// Where its workers have to listen.
    pub(crate) worker: u16,
}

impl Restate {
    pub(crate) fn start(name: &str) -> Result<Self, Any> {
        let folder = PathBuf::from(env::var("STORM_DIR")?).join(name);
        fs::create_dir_all(&folder)?;
        let free =
            (0..4).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
        let ports: Vec<u16> = free
            .iter()
            .map(|one| one.local_addr().map(|at| at.port()))
            .collect::<Result<_, _>>()?;
        drop(free);
        let [ingress, admin, node, worker] = ports[..] else { return Err("no ports".into()) };
        let config = format!(
            r#"
            node-name = "one"
            cluster-name = "storm"
            base-dir = "{}"
            disable-telemetry = true
            listen-mode = "tcp"
            bind-ip = "127.0.0.1"
            advertised-host = "127.0.0.1"
            bind-port = {node}
            default-num-partitions = 4
            rocksdb-total-memory-size = "512 MiB"
            log-filter = "warn"
            log-disable-ansi-codes = true
            [ingress]
            bind-port = {ingress}
            [admin]
            bind-port = {admin}
            # a worker that says nothing for three seconds is dead; a real one has a minute
            [worker.invoker]
            http2-keep-alive-interval = "1s"
            http2-keep-alive-timeout = "2s"
            connect-timeout = "1s"
            [default-retry-policy]
            initial-interval = "50ms"
            max-interval = "1s"
            max-attempts = 1000
            "#,
            folder.display()
        );
        let path = folder.join("restate.toml");
        fs::write(&path, config)?;
        let program = env::var("RESTATE_SERVER")?;
        let log = folder.with_extension("log");
        let process = Workers::start(1, move || {
            let mut command = Command::new(&program);
            command.args(["--no-logo", "--config-file"]).arg(&path).stdin(Stdio::null());
            if let Ok(file) = File::options().create(true).append(true).open(&log)
                && let Ok(same) = file.try_clone()
            {
                command.stdout(file).stderr(same);
            }
            command
        })?;
        Ok(Self { process, ingress, admin, worker })
    }

    /// Kills the server, starts it again, and waits until it says that it is well.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.process.kill(0)?;
        let begun = Instant::now();
        while !self.is_well().unwrap_or_default() {
            if begun.elapsed() > Duration::from_mins(1) {
                return Err(io::Error::other("the server did not come back"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn is_well(&self) -> io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ingress))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(
            b"GET /restate/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    }

    pub(crate) fn ingress(&self) -> String {
        format!("http://127.0.0.1:{}", self.ingress)
    }

    pub(crate) fn admin(&self) -> String {
        format!("http://127.0.0.1:{}", self.admin)
    }

    /// Tells the server where its workers are.
    pub(crate) async fn register(&self) -> Result<(), Any> {
        let admin = http_hook_reqwest::connect(&self.admin())?;
        let place = serde_json::json!({"uri": format!("http://127.0.0.1:{}", self.worker)});
        let begun = Instant::now();
        loop {
            match admin.run(RequestPlan::post("deployments").json(&place)).await {
                Ok(_) => return Ok(()),
                Err(failure) if begun.elapsed() > Duration::from_mins(1) => {
                    return Err(failure.to_string().into());
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }
}
