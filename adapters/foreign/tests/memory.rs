//! How much memory a transfer takes: a process of its own for each, its highest mark of memory.

use std::process::Command;

use http_hook_foreign::place;

const GIB: u64 = 1 << 30;
/// What a transfer may take, in KiB.
const MOST: u64 = 16 << 10;

#[test]
fn bodies_of_any_size_take_little_memory() {
    let large = format!("{}/large", place("HTTP"));
    let bomb = format!("{}/bomb/zeros", place("HTTP"));
    let sink = format!("{}/sink", place("SINK"));
    let rows = [
        // why                                    what    url
        ("1 GiB from Apache httpd", "down", &large),
        ("1 GiB to gunicorn", "up", &sink),
        ("256 MiB in a gzip, of which 4 MiB may be", "bomb", &bomb),
    ];
    for (why, what, url) in rows {
        for face in ["async", "blocking"] {
            let run = Command::new(env!("CARGO_BIN_EXE_transfer"))
                .args([what, face, url, &GIB.to_string()])
                .output()
                .expect("the program starts");
            let told = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success(), "{why}: {}", String::from_utf8_lossy(&run.stderr));
            let grown: u64 = told.trim().parse().expect("a number");
            println!("{why}, {face}: {grown} KiB more, at most {MOST}");
            assert!(grown <= MOST, "{why}, {face}: {grown} KiB");
        }
    }
}
