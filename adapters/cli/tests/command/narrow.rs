//! What people read fits a terminal of 80 columns, and all but tables one of 40, for every command that the help names.

#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, thread};

use crate::pty::strip;
use crate::support;

/// What the command shows in a terminal of so many columns, for each of these lines; in a folder of its own.
fn shown(folder: &PathBuf, columns: usize, lines: &[String]) -> String {
    let hook = env!("CARGO_BIN_EXE_http-hook");
    let mut script = format!("stty cols {columns} rows 24 -echo\n");
    for line in lines {
        script.extend([hook, " ", line, "\n"]);
    }
    script.push_str("exit 0\n");
    fs::write(folder.join("lines.sh"), script).unwrap();
    let output = Command::new("script")
        .args(["-qefc", "exec sh lines.sh", "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("util-linux has script");
    String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
}

/// The lines that are too long without a word that is, as a URL or a path; in less than 80 columns, rows of tables and what is JSON may
/// be longer.
fn too_long(text: &str, columns: usize) -> Vec<String> {
    let lines = text.lines().map(strip);
    let breaks = |line: &String| {
        let is_text = columns >= 80 || !line.trim().contains("  ") && !line.contains('"');
        is_text && line.trim().split(' ').all(|word| word.chars().count() < columns - 5)
    };
    lines.filter(|line| line.chars().count() > columns && breaks(line)).collect()
}

/// The names below a heading of a help, and what follows each.
fn named<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    let mut lines = help.lines().skip_while(|line| *line != heading).skip(1);
    let block = lines.by_ref().take_while(|line| !line.is_empty());
    let names = block.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).collect()
}

/// Every command, as it is written after `http-hook`.
pub(crate) fn commands() -> Vec<String> {
    let mut all = vec![String::new()];
    let (_, help, _) = support::run(&["--help"]);
    for name in named(&help, "Commands:") {
        all.push(name.to_owned());
        let (_, own, _) = support::run(&[name, "--help"]);
        all.extend(named(&own, "Commands:").iter().map(|below| format!("{name} {below}")));
    }
    all
}

/// The options of a command that take a value.
fn options(command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let (_, help, _) = support::run(&words);
    let long = |line: &str| {
        let (_, rest) = line.trim_start().split_once("--").filter(|_| line.starts_with(' '))?;
        let (name, _) = rest.split_once(" <")?;
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-').then(|| name.to_owned())
    };
    help.lines().filter_map(long).collect()
}

fn folder(name: &str) -> PathBuf {
    let folder = support::temporary(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn help_and_errors_of_arguments_fit() {
    help_and_errors_fit(80);
}

#[test]
fn help_and_errors_of_arguments_fit_half_a_terminal() {
    help_and_errors_fit(40);
}

fn help_and_errors_fit(columns: usize) {
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    let mut known = Vec::new();
    let mut jobs = Vec::new();
    for command in &commands {
        let mut lines = vec![
            format!("{command} --help"),
            format!("{command} -h"),
            format!("{command} --an-option-that-nobody-has-ever-heard-of=1"),
            format!("{command} -v -q"),
            format!("{command} --sources env --conn-file conns.toml"),
        ];
        if !matches!(command.as_str(), "demo" | "man" | "sim") {
            lines.push(command.clone());
            lines.push(format!("{command} and then far more words than it takes"));
        }
        for option in options(command) {
            lines.push(format!("{command} --{option}"));
            if !known.contains(&option) && option != "svg" {
                lines.push(format!("{command} --{option} 'no such value'"));
                lines.push(format!("{command} --{option} one --{option} two"));
                known.push(option);
            }
        }
        jobs.push((command.clone(), lines));
    }
    assert!(known.len() > 50, "{known:?}");
    let folder = folder(&format!("narrow-help-{columns}"));
    let mut bad = Vec::new();
    for jobs in jobs.chunks(8) {
        let running: Vec<_> = jobs
            .iter()
            .enumerate()
            .map(|(number, (command, lines))| {
                let (own, lines) = (folder.join(number.to_string()), lines.clone());
                let _ = fs::create_dir_all(&own);
                (command, thread::spawn(move || too_long(&shown(&own, columns, &lines), columns)))
            })
            .collect();
        for (command, lines) in running {
            let lines = lines.join().unwrap();
            bad.extend(lines.into_iter().map(|line| format!("{command}: {line}")));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(bad.is_empty(), "{} lines are too long:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn what_commands_tell_fits() {
    what_is_told_fits(80);
}

#[test]
fn what_commands_tell_fits_half_a_terminal() {
    what_is_told_fits(40);
}

fn what_is_told_fits(columns: usize) {
    let folder = folder(&format!("narrow-told-{columns}"));
    let id = "a_connection_with_a_really_long_identifier_as_teams_make_them";
    let conns = format!(
        "[sales]\nurl = \"https://api.example.com/v1\"\nlogin = \"reader\"\npassword = \"secret\"\n\n\
         [sales.headers]\nX-Long-Name-Of-A-Header-That-Nobody-Would-Write = \"one\"\n\n\
         [{id}]\nurl = \"https://a-long-name-of-a-server.internal.department.example.com:8443/v1\"\n"
    );
    fs::write(folder.join("conns.toml"), conns).unwrap();
    fs::write(folder.join("policy.json"), r#"{"stop": {"type": "after_attempts"}}"#).unwrap();
    let config = folder.join(".config/http-hook");
    fs::create_dir_all(&config).unwrap();
    let sources =
        "sources = \"env, dir:/run/secrets/of/the/department?, dotenv:.env?, file:conns.toml?\"\n";
    fs::write(config.join("config.toml"), sources).unwrap();
    let in_file = "--conn-file conns.toml";
    let lines: Vec<String> = [
        format!("plan sales POST v1/orders name=box --retry-unsafe --if 429,retry-after=30 --if 401 {in_file}"),
        format!("plan {id} v1/orders --if timeout --if 302,location=/elsewhere {in_file}"),
        format!("call sales v1/orders --dry-run {in_file}"),
        "call sales v1/orders what-is-this".to_owned(),
        "call none v1/orders".to_owned(),
        format!("call {id} v1/orders --check what-is-this {in_file}"),
        format!("call {id} v1/orders --save-state state.json Authorization:one {in_file}"),
        "call - http://127.0.0.1:1/orders -v --retry 1".to_owned(),
        "call - http://127.0.0.1:1/orders -vv --retry 0 api_key==one --save-state state.json".to_owned(),
        format!("policy table {in_file}"),
        "policy check policy.json".to_owned(),
        "policy check a-file-that-is-not-there-and-has-a-long-name-so-that-a-line-has-to-end.json".to_owned(),
        "config show".to_owned(),
        "config show --origin".to_owned(),
        format!("conn list {in_file}"),
        format!("conn origin {in_file}"),
        format!("conn origin {id} {in_file}"),
        format!("conn origin {id}"),
        format!("conn show none {in_file}"),
        format!("conn rm none {in_file}"),
        format!("conn rotate {in_file}"),
        format!("conn add {id} --url https://reader:secret@api.example.com {in_file}"),
        format!("conn import conns.toml {in_file}"),
        "conn convert conns.toml conns.env".to_owned(),
        format!("conn test {id} --retry 0 {in_file}"),
        "resume state.json".to_owned(),
        "replay conns.toml call - http://127.0.0.1:1/orders".to_owned(),
        "record tape.json call - http://127.0.0.1:1/orders --retry 0".to_owned(),
        "replay tape.json call - http://127.0.0.1:1/others --retry 0".to_owned(),
        "replay tape.json call - http://127.0.0.1:1/orders --no-such-option-as-this-one".to_owned(),
        "replay tape.json plan - http://127.0.0.1:1/orders".to_owned(),
        "fetch - http://127.0.0.1:1/orders".to_owned(),
        "pages - http://127.0.0.1:1/orders --retry 0".to_owned(),
        "poll - http://127.0.0.1:1/orders --until status=200 --retry 0".to_owned(),
        "run conns.toml -".to_owned(),
        "sim --experiment c".to_owned(),
        "sim --experiment a3 --runs 2".to_owned(),
        "explain".to_owned(),
        "sales v1/orders".to_owned(),
    ]
    .into();
    let text = shown(&folder, columns, &lines);
    fs::remove_dir_all(&folder).unwrap();
    for word in ["retry-after=30", "after_attempts", "decorrelated", "department", "/others"] {
        assert!(text.contains(word), "{word} is told: {text}");
    }
    let bad = too_long(&text, columns);
    assert!(bad.is_empty(), "{} lines are too long:\n{}", bad.len(), bad.join("\n"));
}
