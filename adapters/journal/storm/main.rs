//! `storm COMMAND CALLS [--naive]`: the storm; `storm bench COMMAND CALLS ROUNDS`: throughput beside the bare client. See `storm/run`.

mod storm;

use std::borrow::Cow;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use storm::{Storm, folder, serve, started, write_calls};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["serve", address, rest @ ..] => Ok(serve(address.parse()?, rest.first().map(Path::new))?),
        ["bare", url, file, results, jobs] => {
            Ok(bare(url, Path::new(file), Path::new(results), jobs.parse()?)?)
        }
        ["bench", command, calls, rounds] => {
            bench(Path::new(command), calls.parse()?, rounds.parse()?)
        }
        [command, calls, rest @ ..] => {
            let naive = rest.contains(&"--naive");
            stormed(Path::new(command), calls.parse()?, !naive)
        }
        _ => Err("storm COMMAND CALLS [--naive] | storm bench COMMAND CALLS ROUNDS".into()),
    }
}

fn server(address: SocketAddr, log: Option<&Path>) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg(address.to_string()).args(log);
    command.stdout(Stdio::piped()).spawn()
}

fn stormed(command: &Path, calls: u32, journal: bool) -> Result<(), Box<dyn Error>> {
    let folder = folder("http-hook-storm")?;
    let seed = std::process::id().into();
    let storm = Storm {
        command,
        folder: &folder,
        server: &|address, log| server(address, Some(log)),
        calls,
        jobs: 64,
        kills: 5,
        server_kills: 5,
        journal,
        seed,
    };
    let figures = storm.run();
    let size = fs::metadata(folder.join("run.journal")).map_or(0, |about| about.len());
    fs::remove_dir_all(&folder)?;
    let figures = figures?;
    println!("seed {seed}: {figures:#?}");
    println!(
        "journal: {} MiB; {:.0} calls a second",
        size >> 20,
        f64::from(calls) / figures.seconds
    );
    let holds = figures.holds(&storm);
    println!("storm: {}", if holds { "holds" } else { "DOES NOT HOLD" });
    if holds { Ok(()) } else { Err("it does not hold".into()) }
}

/// A line as the bare client reads it.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(borrow)]
    json: &'a RawValue,
}

/// The bare client: as a careful user would write it, with as many threads, and one result a line.
fn bare(url: &str, file: &Path, results: &Path, jobs: usize) -> io::Result<()> {
    use std::time::Duration;
    let limit = Some(Duration::from_secs(60));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .max_idle_connections(jobs)
        .max_idle_connections_per_host(jobs)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(limit)
        .timeout_recv_body(limit)
        .build()
        .into();
    let lines = Mutex::new(BufReader::with_capacity(1 << 16, File::open(file)?));
    let out = Mutex::new(BufWriter::with_capacity(1 << 16, File::create(results)?));
    let work = || -> Result<(), Box<dyn Error>> {
        let mut text = Vec::new();
        loop {
            text.clear();
            if lines.lock().unwrap().read_until(b'\n', &mut text)? == 0 {
                return Ok(());
            }
            let line: Line<'_> = serde_json::from_slice(&text)?;
            let request = http::Request::post(format!("{url}/{}", line.endpoint))
                .header("content-type", "application/json")
                .header("accept", "*/*")
                .body(line.json.get().to_owned())?;
            let mut response = agent.run(request)?;
            let body = response.body_mut().read_to_string()?;
            let status = response.status().as_u16();
            let result = serde_json::json!({ "id": line.id, "status": status, "body": body });
            writeln!(out.lock().unwrap(), "{result}")?;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..jobs).map(|_| scope.spawn(|| work().map_err(|error| error.to_string()))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("it ends"))
    })
    .map_err(io::Error::other)?;
    out.into_inner().unwrap().flush()
}

const JOBS: &str = "64";

/// Runs the bare client, the run, and the run with a journal in turn.
fn bench(command: &Path, calls: u32, rounds: usize) -> Result<(), Box<dyn Error>> {
    let folder = Arc::new(folder("http-hook-bench")?);
    let file = folder.join("calls.jsonl");
    write_calls(&file, calls, |_| "POST")?;
    let (_server, address) = started(server(SocketAddr::from(([127, 0, 0, 1], 0)), None)?)?;
    let url = format!("http://{address}");
    let (results, journal) = (folder.join("results"), folder.join("journal"));
    let run = |kept: Option<&[&str]>| {
        let mut run = Command::new(command);
        run.env_clear().env("HTTP_HOOK_SOURCES", "env").env("AIRFLOW_CONN_BENCH", &url);
        run.args(["run", "-q", "--jobs", JOBS, "-o"]).arg(&results).arg(&file).arg("bench");
        if let Some(options) = kept {
            run.arg("--journal").arg(&journal).args(options);
        }
        run
    };
    let bare = || -> io::Result<Command> {
        let mut bare = Command::new(std::env::current_exe()?);
        bare.arg("bare").arg(&url).arg(&file).arg(&results).arg(JOBS);
        Ok(bare)
    };
    let names = ["bare ureq", "run", "run --journal", "run --journal --sync"];
    let mut times = vec![Vec::new(); names.len()];
    for round in 0..=rounds {
        let sides: [Command; 4] = [bare()?, run(None), run(Some(&[])), run(Some(&["--sync"]))];
        for (index, mut side) in sides.into_iter().enumerate() {
            remove(&journal);
            let before = processor_time()?;
            let began = Instant::now();
            let status = side.stdin(Stdio::null()).status()?;
            let (seconds, cpu) = (began.elapsed().as_secs_f64(), processor_time()? - before);
            if !status.success() {
                return Err(format!("{} ended: {status}", names[index]).into());
            }
            // The first round warms up.
            if round > 0 {
                times[index].push((seconds, cpu));
            }
        }
    }
    remove(&journal);
    let folder: &PathBuf = &folder;
    fs::remove_dir_all(folder)?;
    println!("{calls} POSTs, {JOBS} in flight, {rounds} rounds; medians, ratios of each round");
    for (name, own) in names.iter().zip(&times) {
        let rate = median(own.iter().map(|(seconds, _)| f64::from(calls) / seconds));
        let ratio = median(own.iter().zip(&times[0]).map(|(own, bare)| bare.0 / own.0));
        let cpu = median(own.iter().map(|(_, cpu)| cpu / f64::from(calls) * 1e6));
        println!(
            "{name:22} {rate:8.0} calls/s  ratio {ratio:.3}  client's CPU {cpu:5.1} us a call"
        );
    }
    Ok(())
}

fn remove(journal: &Path) {
    for end in ["", "-wal", "-shm", "-sends"] {
        let mut path = journal.as_os_str().to_owned();
        path.push(end);
        let _ = fs::remove_file(path);
    }
}

/// The time of the processor that children of this process took that have ended, in seconds.
fn processor_time() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit_once(") ").ok_or("no stat")?.1;
    let ticks: Result<Vec<f64>, _> = after.split(' ').skip(13).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
