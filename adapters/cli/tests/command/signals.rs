//! Signals stop a call where it is, with a word and a code.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::support::{command, serve};

#[test]
fn a_signal_ends_a_wait() {
    let server = serve();
    let url = format!("http://{}/after/20", server.authority);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = command(&["call", "-", &url, "-v"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("waiting") {
            line.clear();
            assert_ne!(err.read_line(&mut line).unwrap(), 0, "it ended before it waited");
        }
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        let mut rest = String::new();
        err.read_to_string(&mut rest).unwrap();
        assert!(rest.starts_with("interrupted after 1 send, in a wait of 2"), "{signal}: {rest}");
    }
}
