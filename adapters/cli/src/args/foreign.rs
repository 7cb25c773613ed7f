//! What curl, `HTTPie` and xh call otherwise, so that whoever types it is told the word of this command.

/// Options and words of others, and what stands for them here.
const FOREIGN: &[(&[&str], &str)] = &[
    (
        &["--follow", "--location-trusted"],
        "-L follows redirects; credentials go to their own origin only",
    ),
    (&["--pretty", "-p"], "--format pretty indents; --print HhBbm says what is printed"),
    (&["--headers"], "-I asks for the head alone; --print h prints it of any answer"),
    (&["--body"], "the body alone is printed unless -i or --print says more"),
    (&["-D", "--dump-header"], "-i prints the head before the body; --print h prints it alone"),
    (
        &["-w", "--write-out"],
        "--format json tells status, sends and times; --print m prints the times",
    ),
    (&["--ignore-stdin"], "standard input is read only where `@-` says so: leave it out"),
    (&["-T", "--upload-file"], "a file is an item: PUT ENDPOINT @FILE"),
    (&["--multipart"], "--form with name@FILE, or -F NAME=@FILE"),
    (
        &["--data-raw", "--data-binary", "--data-ascii", "--raw"],
        "-d TEXT, -d @FILE, or the item @FILE",
    ),
    (&["--data-urlencode"], "--form name=value in the body, name==value in the URL"),
    (&["-G", "--get", "--url-query"], "name==value is a parameter of the URL"),
    (
        &["--session", "--session-read-only", "-b", "--cookie", "-c", "--cookie-jar"],
        "--cookies FILE keeps cookies; Cookie:NAME=VALUE sends one",
    ),
    (&["-a", "--auth"], "-u LOGIN[:PASSWORD], or --bearer SOURCE for a token"),
    (&["--auth-type", "--anyauth"], "--digest with -u; --bearer SOURCE for a token"),
    (&["--basic"], "-u LOGIN[:PASSWORD] is Basic: leave it out"),
    (&["--oauth2-bearer"], "--bearer SOURCE: @FILE, env:NAME, cmd:COMMAND or ask"),
    (&["-n", "--netrc"], "a login of ~/.netrc is used where there is no other: leave it out"),
    (&["-A", "--user-agent"], "the item User-Agent:NAME sets it"),
    (&["-e", "--referer"], "the item Referer:URL sets it"),
    (
        &["-r", "--range"],
        "the item Range:bytes=0-99 asks for a part; `http-hook fetch` goes on where a download broke off",
    ),
    (
        &["-C", "--continue-at", "--continue", "--download"],
        "-O or -o FILE saves the body; `http-hook fetch` goes on where it broke off",
    ),
    (&["--verify"], "-k for `--verify=no`; --cacert FILE for a file of authorities"),
    (&["-E"], "--cert FILE, with --key FILE"),
    (&["-x"], "--proxy URL"),
    (&["--offline"], "--dry-run shows the request and sends nothing"),
    (&["-m"], "--max-time TIME, which is --deadline: for everything"),
    (&["--max-redirects"], "--max-redirs N, with -L"),
    (
        &["--check-status", "--fail-with-body", "--fail-early"],
        "a status of 400 and above fails: leave it out",
    ),
    (
        &["--stream", "-N", "--no-buffer", "--stream-response"],
        "a body is printed as it comes: leave it out",
    ),
    (
        &["--retry-delay", "--retry-max-time"],
        "--policy FILE says how long is waited; --deadline TIME is for everything",
    ),
    (
        &["--retry-all-errors", "--retry-connrefused"],
        "--retry N is for errors of the network, too; --retry-unsafe for methods that may act twice",
    ),
    (&["--trace", "--trace-ascii"], "-vv shows the heads of all requests and answers"),
    (&["--url"], "`http-hook call - URL`"),
    (&["version"], "http-hook --version"),
    (&["delete"], "`http-hook conn rm ID`; a request is `http-hook call CONN DELETE ENDPOINT`"),
    (&["remove", "del"], "http-hook conn rm ID"),
    (
        &["get"],
        "a request is `http-hook call CONN ENDPOINT`, of a URL `http-hook call - URL`; `http-hook conn show ID`",
    ),
    (&["cat"], "http-hook conn show ID"),
    (
        &["post", "put", "patch", "head", "options"],
        "a request is `http-hook call CONN METHOD ENDPOINT`, of a URL `http-hook call - METHOD URL`",
    ),
    (
        &["--socks5", "--socks5-hostname", "--socks4"],
        "proxies are http and https only: --proxy http://HOST:PORT",
    ),
    (
        &[
            "--unix-socket",
            "--resolve",
            "--connect-to",
            "--interface",
            "-4",
            "--ipv4",
            "-6",
            "--ipv6",
            "--http1.0",
            "--http1.1",
            "--http2",
            "--http3",
            "--limit-rate",
            "--tlsv1.2",
            "--tlsv1.3",
            "--ciphers",
            "-Z",
            "--parallel",
        ],
        "this command has nothing of the kind",
    ),
    (&["ls"], "http-hook conn list"),
    (&["new", "create", "set"], "http-hook conn add ID"),
    (&["update", "modify"], "http-hook conn edit ID"),
    (&["explain"], "http-hook plan CONN ENDPOINT"),
    (&["download"], "http-hook fetch CONN ENDPOINT -O"),
    (&["batch"], "http-hook run FILE CONN"),
];

/// What stands here for a word of another command.
pub(crate) fn says(word: &str) -> Option<&'static str> {
    let (_, says) = FOREIGN.iter().find(|(words, _)| words.contains(&word))?;
    Some(says)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Arg, CommandFactory as _};

    use super::FOREIGN;
    use crate::args::Args;

    /// None of them is a word of this command, and none is told of twice.
    #[test]
    fn what_is_told_of_is_unknown_here() {
        let command = Args::command();
        let call = command.find_subcommand("call").unwrap();
        let longs = call.get_arguments().filter_map(Arg::get_long_and_visible_aliases);
        let longs: BTreeSet<_> = longs.flatten().map(|long| format!("--{long}")).collect();
        let shorts = call.get_arguments().filter_map(Arg::get_short_and_visible_aliases);
        let shorts: BTreeSet<_> = shorts.flatten().map(|short| format!("-{short}")).collect();
        let mut seen = BTreeSet::new();
        for word in FOREIGN.iter().flat_map(|(words, _)| *words) {
            assert!(!longs.contains(*word) && !shorts.contains(*word), "{word} is known");
            assert!(seen.insert(word), "{word} stands there twice");
        }
    }
}
