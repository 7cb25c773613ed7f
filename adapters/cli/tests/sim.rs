//! The simulation on the command line: its table, its JSON, its plot, and what it refuses.

#[path = "command/support.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use snapbox::{assert_data_eq, str};

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_usual_policies_side_by_side() {
    let (code, out, err) = support::run(&["sim", "--experiment", "a1"]);
    assert_data_eq!(
        out,
        str![[r"
                      A1
strategy                   amp      peak   success
no retry                 1.000       [..]
no gates                 3.9[..]
bucket 500 (AWS)         1.01[..]
bucket 500 (AWS 2.1)     1.00[..]
bucket 100               1.00[..]
breaker                  0.[..]
bucket 100 + breaker     0.0[..]
default                  0.0[..]

seed 1; recovery in seconds
the default has to keep: A1 amp 0.10, A2 amp 0.20, A3 success 0.99,
  B recovery 10 s

"]]
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

#[test]
fn limits_side_by_side() {
    let (code, out, err) = support::run(&["sim", "--experiment", "d"]);
    assert_data_eq!(
        out,
        str![[r"
D: server    adaptive                   fixed 8      fixed 64     fixed n
          n   90 %   over  share fails  share fails  share fails  share fails
queue     4      4[..]
queue    16[..]
queue    64[..]
rate      4[..]
rate     16[..]
rate     64[..]
halves    4[..]
halves   16[..]
halves   64[..]
noisy     4[..]
noisy    16[..]
noisy    64[..]

seed 1
share of what the server can do; seconds to 90 % of it, and with more than 1.2 n
under way; adaptive has to keep: 90 % within 30 s, over 5 s

"]]
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

#[test]
fn a_policy_file_takes_part() {
    let folder = folder("sim-file");
    let file = write(&folder, "eager.json", r#"{"gates": {"bucket": null, "breaker": null}}"#);
    let run = |seed| {
        let args = ["sim", &file, "--experiment", "a1", "--format", "json", "--seed", seed];
        support::run(&args)
    };
    let (code, out, err) = run("7");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&found["schema"], &found["seed"]), (&Value::from(1), &Value::from(7)));
    let rows = found["experiments"]["a1"]["strategies"].as_array().unwrap();
    let row = rows.last().unwrap();
    assert_eq!(row["strategy"], "eager");
    let amp = row["amp"].as_f64().unwrap();
    assert!((2.8..=3.0).contains(&amp), "3 attempts a request: {amp}");
    let attempts = row["attempts_per_s"].as_array().unwrap();
    assert!((240..=300).contains(&attempts.len()), "{} seconds", attempts.len());
    assert_eq!(run("7").1, out, "one seed, one result");
    assert_ne!(run("8").1, out, "another seed, another result");
}

#[test]
fn the_plot_is_well_formed() {
    let folder = folder("sim-svg");
    let file = write(&folder, "5 < 6 & \"more\".json", "{}");
    let plot = folder.join("plot.svg");
    let svg = plot.to_str().unwrap();
    let (code, _, err) = support::run(&["sim", &file, "--experiment", "a1", "--svg", svg]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let text = fs::read_to_string(plot).unwrap();
    let counts = check_xml(&text).unwrap();
    assert!(text.contains("5 &lt; 6 &amp; \"more\""), "the file has its line in the legend");
    assert_eq!(counts, (1, 18), "one picture; 9 lines in each of two panels");
    assert!(!text.contains("NaN") && !text.contains("inf"), "all points are somewhere");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = folder("sim-wrong");
    let typo = write(&folder, "typo.json", r#"{"policies": {}}"#);
    let ratio = write(&folder, "ratio.json", r#"{"gates": {"breaker": {"ratio": 0}}}"#);
    let large = write(&folder, "large.json", &" ".repeat(70_000));
    let rows: [(&str, &[&str], i32, &str); 6] = [
        // why                   arguments                  exit  part of the message
        ("no such field", &["sim", &typo], 2, "typo.json: policy file: unknown field `policies`"),
        ("no such ratio", &["sim", &ratio], 2, "ratio.json: breaker.ratio"),
        ("too large", &["sim", &large], 2, "more than 64 KiB"),
        ("no such file", &["sim", "absent.json"], 1, "cannot read absent.json"),
        ("no runs", &["sim", "--runs", "0"], 2, "--runs"),
        ("the million has its own figures", &["sim", "--million", &typo], 2, "--million"),
    ];
    for (why, args, exit, message) in rows {
        let (code, out, err) = support::run(args);
        assert_eq!((code, out.as_str()), (Some(exit), ""), "{why}: {err}");
        assert!(err.contains(message), "{why}: {err}");
    }
}

/// Reads XML as strictly as a picture needs it; counts `svg` and `path` elements.
fn check_xml(text: &str) -> Result<(u32, u32), String> {
    let (mut open, mut pictures, mut paths) = (Vec::new(), 0, 0);
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        check_text(before)?;
        let (tag, tail) = tail.split_once('>').ok_or("a tag has no end")?;
        rest = tail;
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop();
            if opened != Some(name) {
                return Err(format!("{name} closes {opened:?}"));
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        pictures += u32::from(name == "svg");
        paths += u32::from(name == "path");
        let mut left = attributes.trim();
        while !left.is_empty() {
            let (_, tail) = left.split_once("=\"").ok_or(format!("{left:?} is no attribute"))?;
            let (value, tail) = tail.split_once('"').ok_or("a value has no end")?;
            check_text(value)?;
            left = tail.trim_start();
        }
        if !empty {
            open.push(name);
        }
    }
    check_text(rest)?;
    if open.is_empty() { Ok((pictures, paths)) } else { Err(format!("{open:?} stay open")) }
}

fn check_text(text: &str) -> Result<(), String> {
    let known = ["&amp;", "&lt;", "&gt;"];
    for (at, _) in text.match_indices('&') {
        if !known.iter().any(|entity| text[at..].starts_with(entity)) {
            return Err(format!("a bare ampersand in {text:?}"));
        }
    }
    if text.contains('>') { Err(format!("a bare > in {text:?}")) } else { Ok(()) }
}
