//! Tests that need a process of their own, beside others in one program.

use std::env;
use std::process::Command;

const ALONE: &str = "HTTP_HOOK_ALONE";

/// Runs `body` as the only test of a process: of this one, if it was started for that, else of another one of the same program,
/// whose end it waits for. `name` is the test's own, with its modules, as `cargo test -- --list` has it.
///
/// # Panics
///
/// If `body` does there, or the program has no test of that name.
pub fn alone(name: &str, body: impl FnOnce()) {
    if env::var_os(ALONE).is_some_and(|told| told == name) {
        return body();
    }
    let program = env::current_exe().expect("a test is a program");
    let ended = Command::new(program).args(["--exact", name]).env(ALONE, name).output();
    let ended = ended.expect("a process can be started");
    let told = [ended.stdout, ended.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(ended.status.success() && told.contains("1 passed"), "{name}, alone: {told}");
}
