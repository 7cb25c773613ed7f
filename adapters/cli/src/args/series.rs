//! What can be said of commands that make many calls, and of a download that goes on.

use std::time::Duration;

use clap::ValueEnum;

use super::{CallArgs, whole, without};
use crate::settings::{Limit, limit};

const PAGES_EXAMPLES: &str = "\
How the next page is found (--next), with pointers of JSON like /meta/next:
  link     the header Link with rel=next
  url      a URL in the body, at --at
  cursor   a text in the body (--at) or in a header (--at-header), as --param
  page     the number of the page, sent as --param, until a page has no items
  offset   how many items came before, sent as --param, --limit with it

A page at another origin is asked for without anything of the connection: its
credentials and headers, and those of the call that tell who is calling, stay.
Each page is retried as a call. Redirects are followed, unless --no-location.

Items of a call, like name==value and Header:value, may follow the endpoint.

Examples:
  http-hook pages github repos/o/r/issues --items ''
  http-hook pages odata Orders --next url --at /@odata.nextLink --items /value
  http-hook pages slack users --next cursor --at /next --items /members
  http-hook pages jira search --next offset --param startAt --limit-param \\
    maxResults --limit 50 --items /issues --total /total
  http-hook pages sales v1/orders --items /orders | head -50";

#[derive(clap::Args)]
#[expect(clippy::struct_field_names, reason = "they are called as their options")]
#[command(mut_args(|arg| without(arg, &["include", "print"])))]
#[command(after_help = PAGES_EXAMPLES, override_usage = "http-hook pages [OPTIONS] <CONN> [METHOD] <ENDPOINT> [ITEM]...")]
pub(crate) struct Pages {
    #[command(flatten)]
    pub(crate) call: CallArgs,

    /// How the next page is found; see below.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        hide_possible_values = true,
        default_value = "link",
        hide_default_value = true,
        help_heading = "Pages"
    )]
    pub(crate) next: NextBy,

    /// Where the URL or the cursor is in the body.
    #[arg(long, value_name = "POINTER", help_heading = "Pages")]
    pub(crate) at: Option<String>,

    /// The header that the cursor is in.
    #[arg(long, value_name = "NAME", conflicts_with = "at", help_heading = "Pages")]
    pub(crate) at_header: Option<String>,

    /// The parameter that is sent: `cursor`, `page` or `offset`, unless it is said.
    #[arg(long, value_name = "NAME", help_heading = "Pages")]
    pub(crate) param: Option<String>,

    /// The number of the first page: 1, unless it is said.
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX), help_heading = "Pages")]
    pub(crate) first: Option<u64>,

    /// How many items a page is to have, with `--next offset`.
    #[arg(long, value_name = "N", value_parser = whole::<u64>(1, u64::MAX), help_heading = "Pages")]
    pub(crate) limit: Option<u64>,

    /// The parameter that says so: `limit`, unless it is said.
    #[arg(long, value_name = "NAME", help_heading = "Pages")]
    pub(crate) limit_param: Option<String>,

    /// Prints each item of the array in this place as a line of JSON, in place of each page; '' is the whole page.
    #[arg(long, value_name = "POINTER", help_heading = "Pages")]
    pub(crate) items: Option<String>,

    /// Ends after a page in which this place is not `true`.
    #[arg(long, value_name = "POINTER", help_heading = "Pages")]
    pub(crate) more: Option<String>,

    /// Ends once as many items have come as the number in this place says.
    #[arg(long, value_name = "POINTER", help_heading = "Pages")]
    pub(crate) total: Option<String>,

    /// Fails (9) where there is a further page after so many [default: 10000].
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX), help_heading = "Pages")]
    pub(crate) max_pages: Option<u64>,

    /// Fails (9) where there is a further page after so many items, which --items counts; a page is printed whole.
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0, u64::MAX), help_heading = "Pages")]
    pub(crate) max_items: Option<u64>,

    /// Fails (9) where there is a further page after so many bytes: `500k`, `20M`, `1G`.
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Pages")]
    pub(crate) max_bytes: Option<u64>,
}

/// How the next page is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NextBy {
    /// By the header Link.
    #[default]
    Link,
    /// By a URL in the body.
    Url,
    /// By a cursor.
    Cursor,
    /// By its number.
    Page,
    /// By how many items came before.
    Offset,
}

const POLL_EXAMPLES: &str = "\
Conditions for --until, --fail-if and --check:
  status=200,5xx     the status
  Header:value       a header; `Header:` whatever its value
  /pointer=text      a place in a JSON body: a text, or a number written so
  /pointer:=JSON     the same, told exactly
  jq:EXPRESSION      true by jq, where it is built in
  '!CONDITION'       the opposite; the quotes are for bash

A poll always ends: by --deadline, which is 1h unless it is said. It exits with
0 if it got what it waits for, 8 if that did not come in time, 9 by --fail-if,
else as the call that failed. What came last goes to stdout.

Examples:
  http-hook poll api jobs/7 --until /state=done --fail-if /state=failed
  http-hook poll api POST exports kind=orders --operation --deadline 2h
  http-hook poll api files/7 --until status=200 --not-yet 404 --every 30s
  http-hook poll api jobs/7 --until /state=done --every 1s --every-max 1m";

#[derive(clap::Args)]
#[command(after_help = POLL_EXAMPLES, override_usage = "http-hook poll [OPTIONS] <CONN> [METHOD] <ENDPOINT> [ITEM]... <--until CONDITION|--operation>")]
pub(crate) struct Poll {
    #[command(flatten)]
    pub(crate) call: CallArgs,

    /// What is waited for; of several, one is enough.
    #[arg(long, value_name = "CONDITION", help_heading = "Poll")]
    pub(crate) until: Vec<String>,

    /// What ends the poll with exit code 9; of several, one is enough.
    #[arg(long, value_name = "CONDITION", help_heading = "Poll")]
    pub(crate) fail_if: Vec<String>,

    /// Begins a long operation and asks for it while the answer is 202: where Operation-Location or Location says.
    #[arg(long, help_heading = "Poll")]
    pub(crate) operation: bool,

    /// How long to wait between two answers, longer if the server asks for it: 10s, with --operation 1s.
    #[arg(long, value_name = "TIME", value_parser = limit, help_heading = "Poll")]
    pub(crate) every: Option<Limit>,

    /// Doubles the wait from time to time, up to this.
    #[arg(long, value_name = "TIME", value_parser = limit, help_heading = "Poll")]
    pub(crate) every_max: Option<Limit>,

    /// Statuses that mean that it has not come yet, and no failure: `404,5xx`.
    #[arg(long, value_name = "LIST", help_heading = "Poll")]
    pub(crate) not_yet: Option<String>,

    /// Ends with the n-th call in a row that fails.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1, u32::MAX.into()), help_heading = "Poll")]
    pub(crate) failures: u32,
}

/// How long a poll takes at most where nobody says.
pub(crate) const POLL_DEADLINE: Duration = Duration::from_secs(3600);

const FETCH_EXAMPLES: &str = "\
What breaks off goes on where it was, in this run (as often as --retry says
without a further byte) or in the next one, if the server tells by a strong ETag
or an old enough Last-Modified that it is the same file; else it begins anew.
Beside FILE, the part is FILE.part, and FILE.part.json says of what it is one:
both for you alone, and gone when FILE is whole. There is no deadline unless
--deadline says one; --timeout is for silence. Redirects are followed.

Examples:
  http-hook fetch mirror images/disk.img -o disk.img --retry 20
  http-hook fetch - https://example.org/a.tar.gz -O --sha256 @SHA256SUMS";

/// What is for a body in memory, for a request with a body, or for an answer that is no file.
const FETCH_REFUSES: [&str; 12] = [
    "checks",
    "compressed",
    "form",
    "head",
    "include",
    "jq",
    "json",
    "no_fail",
    "parts",
    "print",
    "save_state",
    "storable",
];

#[derive(clap::Args)]
#[command(mut_args(|arg| without(arg, &FETCH_REFUSES)))]
#[command(after_help = FETCH_EXAMPLES, override_usage = "http-hook fetch [OPTIONS] <CONN> <ENDPOINT> [ITEM]... <-o FILE|-O>")]
pub(crate) struct Fetch {
    #[command(flatten)]
    pub(crate) call: CallArgs,

    /// What the file has to be by SHA-256: digits, or `@FILE` in which they stand, before its name if there are others.
    #[arg(long, value_name = "HEX|@FILE", help_heading = "Download")]
    pub(crate) sha256: Option<String>,

    /// The same by another digest: `sha512:HEX`, `md5:HEX`, `sha256:HEX`; several have to hold.
    #[arg(long, value_name = "NAME:HEX", help_heading = "Download")]
    pub(crate) checksum: Vec<String>,

    /// Begins anew, whatever part is there.
    #[arg(long, help_heading = "Download")]
    pub(crate) restart: bool,
}

/// Reads a number of bytes, in thousands and millions if it says so.
fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G']) {
        Some(digits) => (digits, text[digits.len()..].to_ascii_lowercase()),
        None => (text, String::new()),
    };
    let unit = match unit.as_str() {
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        _ => 1,
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    number.ok_or_else(|| "not a number of bytes: 500k, 20M, 1G".to_owned())
}
