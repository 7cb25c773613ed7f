//! The engine from a shell: put calls in, work, look at them, take them back. Connections are found as `http-hook` finds them.

mod line;
mod lines;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use http_hook_postgres::{Engine, Status};
use http_hook_reqwest::{Hook, RequestPlan, ReqwestTransport};
use http_hook_sources::Sources;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Calls that outlive machines, in PostgreSQL.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The connection of the database, by its id.
    #[arg(
        long,
        value_name = "CONN",
        default_value = "http_hook_postgres",
        env = "HTTP_HOOK_POSTGRES"
    )]
    on: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the tables, or bring them up to date.
    Migrate,
    /// Put a call in. The same call under the same id is put in once.
    Submit(Box<Submit>),
    /// Put every call of a file in, work until all have ended, and print how each ended, in their order. Run again, it goes on.
    Run(Run),
    /// Take calls up until interrupted, then let those under way end.
    Work {
        /// How many calls are under way at once.
        #[arg(long, default_value_t = 64, value_parser = at_least_one)]
        concurrency: usize,
        /// After how many seconds without a sign of life a worker counts as dead.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        lease: u64,
    },
    /// Tell where a call is, or how many calls are where.
    Status {
        /// The call.
        id: Option<String>,
    },
    /// Tell how a call ended: the outcome as JSON. Fails if it has none yet.
    Outcome {
        /// The call.
        id: String,
    },
    /// Take a call back. Fails if it is under way or has ended.
    Cancel {
        /// The call.
        id: String,
    },
}

#[derive(clap::Args)]
struct Submit {
    /// What the call is known by.
    id: String,
    /// The connection of the API.
    connection: String,
    /// GET, POST, …
    method: String,
    /// What is joined to the connection's base.
    endpoint: String,
    /// The body.
    #[arg(long)]
    data: Option<String>,
    /// The body, as JSON.
    #[arg(long, conflicts_with = "data", value_parser = json_text)]
    json: Option<Box<RawValue>>,
    /// A header, `Name: value`; none that sounds secret.
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// How often it is tried again.
    #[arg(long)]
    retries: Option<u32>,
    /// In how many seconds it has to be over.
    #[arg(long)]
    deadline: Option<u64>,
    /// Send a key by which the server knows a repetition.
    #[arg(long)]
    idempotency_key: bool,
    /// The server bears a repetition.
    #[arg(long)]
    allow_resend: bool,
}

#[derive(clap::Args)]
struct Run {
    /// A call a line, in JSON as `http-hook run` reads it: {"endpoint": "v1/orders", "json": {"name": "box"}}; `-`: standard input.
    file: PathBuf,
    /// The connection of the API.
    connection: String,
    /// What the calls are known by before `/` and the id of their line; another run has another one.
    #[arg(long, default_value = "run")]
    name: String,
    /// How often each is tried again.
    #[arg(long)]
    retries: Option<u32>,
    /// How many calls are under way at once; 0 leaves them to other workers.
    #[arg(long, default_value_t = 64, value_parser = some)]
    concurrency: usize,
}

/// The most calls that one process has under way.
const MOST: usize = 10_000;

type Any = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    let args = Args::parse();
    let is_run = matches!(args.command, Command::Run(_));
    match run(args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) if is_run => ExitCode::from(13),
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("http-hook-postgres: {}", told(&*error));
            ExitCode::from(2)
        }
    }
}

async fn run(args: Args) -> Result<bool, Any> {
    let sources = Sources::standard()?.kept_for(Duration::from_mins(1));
    let engine = Engine::from_connection(sources.get(&args.on).await?.connection(), 16)?;
    match args.command {
        Command::Migrate => engine.migrate().await?,
        Command::Submit(submit) => {
            let hook = sources.hook(&submit.connection).await?.build()?;
            let id = submit.id.clone();
            let plan = plan(*submit).map_err(|error| format!("call {id}: {error}"))?;
            let new = put_in(&engine, &hook, &id, [(id.clone(), plan)]).await? == 1;
            println!("{}", json!({"id": id, "new": new}));
        }
        Command::Run(run) => return lines::run(&engine, sources, run).await,
        Command::Work { concurrency, lease } => {
            let worker =
                engine.worker(sources, ReqwestTransport::default()).concurrency(concurrency);
            let worker = worker.lease(Duration::from_secs(lease));
            worker.run(told_to_end()).await?;
        }
        Command::Status { id: Some(id) } => match engine.status(&id).await? {
            Some(status) => println!("{}", shown(&id, &status)?),
            None => return Err(format!("call {id}: there is none").into()),
        },
        Command::Status { id: None } => {
            let counts = engine.counts().await?;
            let counts: serde_json::Map<_, _> = counts
                .into_iter()
                .map(|(state, count)| (state.name().to_owned(), count.into()))
                .collect();
            println!("{}", Value::Object(counts));
        }
        Command::Outcome { id } => match engine.outcome(&id).await? {
            Some(outcome) => println!("{}", serde_json::to_string(&outcome)?),
            None => return refused(&engine, &id, "it has no outcome").await,
        },
        Command::Cancel { id } => {
            if !engine.cancel(&id).await? {
                return refused(&engine, &id, "it cannot be taken back").await;
            }
        }
    }
    Ok(true)
}

/// Puts calls in by a transaction of their own, and tells how many were new; `what` names them where that cannot be.
async fn put_in(
    engine: &Engine,
    hook: &Hook,
    what: &str,
    calls: impl IntoIterator<Item = (String, RequestPlan)>,
) -> Result<usize, Any> {
    let failed =
        |error: &(dyn Error + 'static)| format!("call {what}: PostgreSQL: {}", told(error));
    let mut client = engine.client(&format!("call {what}")).await?;
    let transaction = client.transaction().await.map_err(|error| failed(&error))?;
    let new = engine.submit_all(&*transaction, hook, Duration::ZERO, calls).await?;
    transaction.commit().await.map_err(|error| failed(&error))?;
    Ok(new)
}

/// Waits for a signal that asks for the end: that of a terminal, or of who runs services.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

/// Says why something is not to be had of a call: it is in that state, or there is none.
async fn refused(engine: &Engine, id: &str, what: &str) -> Result<bool, Any> {
    match engine.status(id).await? {
        Some(status) => eprintln!("http-hook-postgres: call {id}: {what}: {}", status.state.name()),
        None => eprintln!("http-hook-postgres: call {id}: there is none"),
    }
    Ok(false)
}

/// An error with all that is behind it.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let says = inner.to_string();
        if !text.contains(&says) {
            text = format!("{text}: {says}");
        }
        source = inner.source();
    }
    text
}

/// How many calls are under way at once; the queue has something for each of them from its begin on.
fn at_least_one(text: &str) -> Result<usize, String> {
    let calls = some(text)?;
    if calls == 0 { Err("none is no number of calls".to_owned()) } else { Ok(calls) }
}

fn some(text: &str) -> Result<usize, String> {
    let calls = text.parse::<usize>().map_err(|error| error.to_string())?;
    if calls > MOST { Err(format!("{MOST} are the most")) } else { Ok(calls) }
}

fn json_text(text: &str) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_str(text)
}

fn plan(submit: Submit) -> Result<RequestPlan, Any> {
    let method = line::method_of(&submit.method)?;
    let mut plan = RequestPlan::new(method, submit.endpoint);
    for header in submit.header {
        let (name, value) =
            header.split_once(':').ok_or_else(|| format!("{header:?} is no header"))?;
        plan = line::with_header(plan, name.trim(), value.trim());
    }
    plan = match (submit.data, submit.json) {
        (Some(data), _) => plan.data(data),
        (None, Some(json)) => plan.json_text(json.get().to_owned()),
        (None, None) => plan,
    };
    if let Some(retries) = submit.retries {
        plan = plan.retries(retries);
    }
    if let Some(seconds) = submit.deadline {
        plan = plan.deadline(Duration::from_secs(seconds));
    }
    if submit.idempotency_key {
        plan = plan.idempotency_key();
    }
    Ok(if submit.allow_resend { plan.allow_resend() } else { plan })
}

fn shown(id: &str, status: &Status) -> Result<Value, Any> {
    Ok(json!({
        "id": id, "connection": status.connection, "state": status.state.name(), "epoch": status.epoch, "due": status.due,
        "created": status.created, "updated": status.updated, "error": status.error,
        "outcome": serde_json::to_value(&status.outcome)?,
    }))
}
