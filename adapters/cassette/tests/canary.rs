//! A secret is put in one place that teaches it, and then everywhere else, in every form that it may be written in.
//!
//! What is left of each form has to be the mark alone: no piece of it, and nothing around it is lost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, Request, Response, StatusCode};
use http_hook::blocking;
use http_hook::options::{Capabilities, ClientOptions, SendOptions, Timeouts};
use http_hook::response::Reason;
use http_hook_cassette::{Cassette, Recorder};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One exchange of a transport that answers as it is told.
#[derive(Clone, Debug, Default)]
struct Exchange {
    url: String,
    request: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    reason: Option<String>,
    response: Vec<(&'static str, Vec<u8>)>,
    answer: Vec<u8>,
}

impl Exchange {
    fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    fn with(name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        Self { request: vec![(name, value.into())], ..Self::to("http://h/") }
    }

    fn sending(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::to("http://h/") }
    }

    fn answered(name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        Self { response: vec![(name, value.into())], ..Self::to("http://h/") }
    }

    fn saying(answer: impl Into<Vec<u8>>) -> Self {
        Self { answer: answer.into(), ..Self::to("http://h/") }
    }
}

/// Records the exchanges, and gives the cassette as JSON.
fn record(
    exchanges: &[Exchange],
    rules: impl Fn(Recorder<Scripted>) -> Recorder<Scripted>,
) -> Value {
    let mut script = exchanges.to_vec();
    script.reverse();
    let script = std::sync::Mutex::new(script);
    let answer = move |_: Request<blocking::Body>, _: &SendOptions| {
        let exchange = script.lock().expect("no panic").pop().expect("an exchange");
        let mut response = Response::new(blocking::Body::Bytes(exchange.answer.into()));
        for (name, value) in exchange.response {
            let value = HeaderValue::from_bytes(&value).expect("a value");
            response.headers_mut().append(name, value);
        }
        *response.status_mut() = StatusCode::OK;
        response.extensions_mut().extend(http::Extensions::new());
        if let Some(reason) = exchange.reason {
            response.extensions_mut().insert(Reason::new(&reason));
        }
        Ok(response)
    };
    let transport: Scripted = Arc::new(blocking::from_fn(Capabilities::none("scripted"), answer));
    let recorder = rules(Recorder::new(transport));
    for exchange in exchanges {
        let body = blocking::Body::Bytes(exchange.body.clone().into());
        let mut request = Request::get(&exchange.url).body(body).expect("a request");
        for (name, value) in &exchange.request {
            request.headers_mut().append(*name, HeaderValue::from_bytes(value).expect("a value"));
        }
        let options = SendOptions::new(Timeouts::default(), ClientOptions::default());
        blocking::Transport::send(&recorder, request, &options).expect("an answer");
    }
    let json = recorder.cassette().to_json();
    Cassette::from_json(&json).expect("a cassette that can be read");
    serde_json::from_str(&json).expect("JSON")
}

type Scripted = Arc<dyn blocking::Transport>;

/// Every form of a secret, by name.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = forms_in_its_case(secret);
    // Without a digit it may be another text by chance.
    if secret.bytes().any(|byte| byte.is_ascii_digit()) {
        forms.push(("in capitals", secret.to_ascii_uppercase()));
        forms.push(("in small letters", secret.to_ascii_lowercase()));
    }
    forms
}

fn forms_in_its_case(secret: &str) -> Vec<(&'static str, String)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let json = inside(&serde_json::to_string(secret).expect("JSON"));
    let mut escaped = String::new();
    for unit in secret.encode_utf16() {
        let _ = write!(escaped, "\\u{unit:04x}");
    }
    let ascii: String = secret
        .chars()
        .map(|c| match c {
            c if c.is_ascii() => inside(&serde_json::to_string(&c.to_string()).expect("JSON")),
            c => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .fold(String::new(), |all, unit| format!("{all}\\u{unit:04X}")),
        })
        .collect();
    let html = |quote: &str, apostrophe: &str| {
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', quote)
            .replace('\'', apostrophe)
    };
    let numeric = |hex: bool| {
        secret.chars().fold(String::new(), |all, c| match (c.is_ascii_alphanumeric(), hex) {
            (true, _) => format!("{all}{c}"),
            (false, true) => format!("{all}&#x{:x};", u32::from(c)),
            (false, false) => format!("{all}&#{};", u32::from(c)),
        })
    };
    // What has characters beyond the first 256 is not found in it.
    let wide = if secret.chars().all(|c| u32::from(c) < 256) { secret } else { &percent };
    let wide = wide.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    vec![
        ("as it is", secret.to_owned()),
        ("percent", percent.clone()),
        ("percent, small letters", in_small_letters(&percent)),
        ("form", form.clone()),
        ("form, small letters", in_small_letters(&form)),
        ("percent, twice", utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string()),
        ("JSON", json.clone()),
        ("JSON, slashes", json.replace('/', "\\/")),
        ("JSON, ASCII", ascii),
        ("JSON, all escaped", escaped.clone()),
        ("JSON, capitals", escaped.to_ascii_uppercase().replace("\\U", "\\u")),
        ("JSON in JSON", inside(&serde_json::to_string(&json).expect("JSON"))),
        ("JSON, percent", utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string()),
        ("HTML", html("&quot;", "&apos;")),
        ("HTML, numbers", html("&#34;", "&#039;")),
        ("HTML, all decimal", numeric(false)),
        ("HTML, all hexadecimal", numeric(true)),
        ("HTML, names", named(secret, false)),
        ("HTML, names that need no end", named(secret, true)),
        ("HTML, numbers without an end", open_numbers(secret)),
        ("base64", STANDARD.encode(secret)),
        ("base64, no padding", STANDARD_NO_PAD.encode(secret)),
        ("base64, of URLs", URL_SAFE.encode(secret)),
        ("base64, of URLs, no padding", URL_SAFE_NO_PAD.encode(secret)),
        (
            "base64, percent",
            utf8_percent_encode(&STANDARD.encode(secret), NON_ALPHANUMERIC).to_string(),
        ),
        ("base64 of JSON", STANDARD.encode(&json)),
        ("base64 of JSON, escaped", STANDARD.encode(&escaped)),
        ("base64 of percent", STANDARD.encode(&percent)),
        ("base64 of hexadecimal", STANDARD.encode(hex(secret, ""))),
        ("base64, twice", STANDARD.encode(STANDARD.encode(secret))),
        ("base64, three times", STANDARD.encode(STANDARD.encode(STANDARD.encode(secret)))),
        ("base64 of UTF-16", STANDARD.encode(&wide)),
        ("hexadecimal of UTF-16", hex(&wide, "")),
        ("hexadecimal", hex(secret, "")),
        ("hexadecimal, capitals", hex(secret, "").to_ascii_uppercase()),
        ("hexadecimal of base64", hex(STANDARD.encode(secret), "")),
        ("percent, eight times", percent_again(&percent, 7)),
        ("percent, ten times", percent_again(&percent, 9)),
        ("bytes of programs", hex(secret, "\\x")),
        ("units of old scripts", escaped.replace('\\', "%")),
        ("characters of new scripts", braced(secret)),
    ]
}

fn hex(text: impl AsRef<[u8]>, before: &str) -> String {
    text.as_ref().iter().fold(String::new(), |all, byte| format!("{all}{before}{byte:02x}"))
}

fn braced(text: &str) -> String {
    text.chars().fold(String::new(), |all, c| format!("{all}\\u{{{:x}}}", u32::from(c)))
}

fn percent_again(percent: &str, times: usize) -> String {
    percent.replace('%', &format!("%{}", "25".repeat(times)))
}

/// The names of each character, those that end with a `;` and those that do not.
static NAMES: LazyLock<BTreeMap<char, [Option<&str>; 2]>> = LazyLock::new(|| {
    let mut names: BTreeMap<char, [Option<&str>; 2]> = BTreeMap::new();
    for (name, meant) in htmlize::ENTITIES.entries() {
        let (name, meant) = (std::str::from_utf8(name), std::str::from_utf8(meant));
        let (name, meant) = (name.expect("a name"), meant.expect("a text"));
        let mut chars = meant.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            names.entry(c).or_default()[usize::from(!name.ends_with(';'))].get_or_insert(name);
        }
    }
    names
});

/// Each character that has a name by its name, with the `;` or without.
fn named(text: &str, bare: bool) -> String {
    let mut written = String::new();
    let mut is_open = false;
    for c in text.chars() {
        let name = NAMES.get(&c).and_then(|names| names[usize::from(bare)]);
        let name = name.filter(|_| !c.is_ascii_alphanumeric());
        // A name would go on with a letter.
        if is_open && (c.is_ascii_alphanumeric() || c == ';') {
            written.push(';');
        }
        is_open = bare && name.is_some();
        written.push_str(name.unwrap_or(c.encode_utf8(&mut [0; 4])));
    }
    written
}

/// Each character that is no letter by its number, with a `;` only where the number would go on.
fn open_numbers(text: &str) -> String {
    let mut written = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_alphanumeric() {
            written.push(c);
            continue;
        }
        let _ = write!(written, "&#{:011}", u32::from(c));
        if chars.peek().is_some_and(|next| next.is_ascii_digit() || *next == ';') {
            written.push(';');
        }
    }
    written
}

fn inside(quoted: &str) -> String {
    quoted[1..quoted.len() - 1].to_owned()
}

fn in_small_letters(percent: &str) -> String {
    let mut parts = percent.split('%');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let _ = write!(all, "%{}{}", part[..2].to_ascii_lowercase(), &part[2..]);
    }
    all
}

/// What teaches the secret, by name.
fn lessons(secret: &str) -> Vec<(&'static str, Exchange)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let json = serde_json::to_string(secret).expect("JSON");
    let at = |rest: String| Exchange::to(format!("http://h/{rest}"));
    let login = STANDARD.encode(format!("reader:{secret}"));
    let as_form = |mut exchange: Exchange| {
        let content_type = ("content-type", b"application/x-www-form-urlencoded".to_vec());
        exchange.request.push(content_type.clone());
        exchange.response.push(content_type);
        exchange
    };
    vec![
        ("bearer", Exchange::with("authorization", format!("Bearer {secret}"))),
        ("basic", Exchange::with("authorization", format!("Basic {login}"))),
        ("any header", Exchange::with("x-functions-key", secret)),
        ("a part of a header", Exchange::with("x-sig", format!("id=1, hash={percent}"))),
        ("cookie", Exchange::with("cookie", format!("a=1; b={percent}"))),
        ("query", at(format!("?key={percent}"))),
        ("query, as a form", at(format!("?a=1&pwd={form}"))),
        ("query, no name", at(format!("?{percent}"))),
        ("parameter in the path", at(format!("a;jsessionid={percent}/b"))),
        ("user info", Exchange::to(format!("http://reader:{percent}@h/"))),
        ("user info, login", Exchange::to(format!("http://{percent}@h/"))),
        ("body of a request", Exchange::sending(format!(r#"{{"client_secret":{json}}}"#))),
        ("form of a request", as_form(Exchange::sending(format!("a=1&client_secret={form}")))),
        ("answered header", Exchange::answered("x-whatever", secret)),
        ("set cookie", Exchange::answered("set-cookie", format!("sid={percent}; Path=/"))),
        ("location, query", Exchange::answered("location", format!("/a?code={percent}"))),
        (
            "location, fragment",
            Exchange::answered("location", format!("/a#access_token={form}&x=1")),
        ),
        ("location, bare fragment", Exchange::answered("location", format!("#{percent}"))),
        (
            "location, user info",
            Exchange::answered("location", format!("https://u:{percent}@o.test/")),
        ),
        (
            "location, one slash",
            Exchange::answered("location", format!("https:/u:{percent}@o.test/")),
        ),
        (
            "content location",
            Exchange::answered("content-location", format!("//u:{percent}@o.test")),
        ),
        (
            "link",
            Exchange::answered(
                "link",
                format!("</a>; rel=\"x\", <https://o.test/?c={percent}>; rel=\"next\""),
            ),
        ),
        (
            "refresh",
            Exchange::answered("refresh", format!("0; url=https://o.test/?code={percent}")),
        ),
        ("JSON", Exchange::saying(format!(r#"{{"a":1,"access_token":{json}}}"#))),
        ("JSON, list", Exchange::saying(format!(r#"{{"tokens":["a",{json}]}}"#))),
        ("JSON, object", Exchange::saying(format!(r#"{{"password":{{"value":[{json}]}}}}"#))),
        ("JSON, lines", Exchange::saying(format!("{{\"a\":1}}\n{{\"private_key\":{json}}}\n"))),
        ("JSON behind a mark", Exchange::saying(format!("\u{feff}{{\"accessKey\": {json}}}"))),
        ("JSON that breaks off", Exchange::saying(format!(r#"{{"credentials":{{"key":{json},"#))),
        (
            "JSON in JSON",
            Exchange::saying(json!({"body": json!({"jwt": secret}).to_string()}).to_string()),
        ),
        ("form", as_form(Exchange::saying(format!("access_token={form}&scope=a")))),
        (
            "URL in a body",
            Exchange::saying(json!({"next": format!("https://o/?sig={percent}&a=1")}).to_string()),
        ),
    ]
    .into_iter()
    .chain(lessons_of_formats(secret))
    .collect()
}

/// What teaches it in other formats.
fn lessons_of_formats(secret: &str) -> Vec<(&'static str, Exchange)> {
    let json = serde_json::to_string(secret).expect("JSON");
    let xml = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    vec![
        (
            "pairs of name and value",
            Exchange::saying(format!(r#"[{{"name":"password","value":{json}}},1]"#)),
        ),
        (
            "value before its name",
            Exchange::saying(format!(r#"{{"Value": {json}, "Key": "password"}}"#)),
        ),
        ("lists of two", Exchange::saying(format!(r#"[["id","1"],["token",{json}]]"#))),
        ("JSON with a comment", Exchange::saying(format!("{{\"token\": # c\n{json}}}"))),
        (
            "XML",
            Exchange::saying(format!("<r><a:SecretAccessKey x='1'>{xml}</a:SecretAccessKey></r>")),
        ),
        (
            "XML that nests",
            Exchange::saying(format!("<token><token><![CDATA[x]]></token><v>{xml}</v></token>")),
        ),
        (
            "list of keys",
            Exchange::saying(format!("<dict><key>token</key>\n<string>{xml}</string></dict>")),
        ),
        (
            "XML, name and value",
            Exchange::saying(format!("<Tag><Name>token</Name><Value>{xml}</Value></Tag>")),
        ),
        (
            "HTML, input",
            Exchange::saying(format!("<input type=hidden name=\"csrf_token\" value=\"{xml}\">")),
        ),
        (
            "HTML, the value first",
            Exchange::saying(format!("<input value='{xml}' id=csrf_token />")),
        ),
        ("HTML, meta", Exchange::saying(format!("<meta name=\"csrf-token\" content=\"{xml}\">"))),
        ("property", Exchange::saying(format!("<property name='db.password'>{xml}</property>"))),
        ("XML of a request", Exchange::sending(format!("<password>{xml}</password>"))),
        (
            "part of a request",
            Exchange::sending(format!(
                "--b\r\nContent-Disposition: form-data; name=\"password\"\r\nContent-Type: text/plain\r\n\r\n{secret}\r\n--b--"
            )),
        ),
        ("block of YAML", Exchange::saying(format!("a: 1\ntoken: >-\n  {secret}\nb: 2\n"))),
        ("list of YAML", Exchange::saying(format!("tokens:\n- {secret}\n- x\n"))),
        (
            "list in a list of YAML",
            Exchange::saying(format!("- a: 1\n  token: # c\n    - {secret}\n")),
        ),
        ("text of TOML", Exchange::saying(format!("token = \"\"\"\n{secret}\n\"\"\"\n"))),
        (
            "key",
            Exchange::saying(format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{secret}\n-----END RSA PRIVATE KEY-----\n"
            )),
        ),
    ]
}

/// Where the secret stands besides, as a form of it in brackets, and where that is in the cassette.
fn echoes(form: &str) -> Vec<(&'static str, Exchange, &'static str)> {
    let echo = format!("[{form}]");
    let in_url: String = form
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'%' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(echo.as_bytes()).expect("memory");
    let mut coded = Exchange::answered("content-encoding", "gzip");
    coded.answer = zipped.finish().expect("memory");
    let reason = Exchange { reason: Some(echo.clone()), ..Exchange::to("http://h/") };
    vec![
        ("body", Exchange::saying(echo.clone()), "/outcome/answer/body/text"),
        ("coded body", coded, "/outcome/answer/body/text"),
        ("kept header", Exchange::answered("server", echo.clone()), "/outcome/answer/headers/0/1"),
        ("header kept by name", Exchange::with("x-kept", echo), "/request/headers/0/1"),
        ("reason", reason, "/outcome/answer/reason"),
        ("path", Exchange::to(format!("http://h/[{in_url}]")), "/request/url"),
        ("kept query", Exchange::to(format!("http://h/?page=[{in_url}]")), "/request/url"),
        (
            "path of a location",
            Exchange::answered("location", format!("/[{in_url}]")),
            "/outcome/answer/headers/0/1",
        ),
    ]
}

/// Letters, digits, and what any writer escapes; the last is a letter, so that it cannot begin an escape.
fn secret() -> impl Strategy<Value = String> {
    let chars = prop::sample::select(
        "abzABZ019-._~!*'()@:,;/?&=+$#[]<>\"\\%{}|^` éß€😀nrtu".chars().collect::<Vec<_>>(),
    );
    prop::collection::vec(chars, 8..24).prop_map(|chars| {
        let text: String = chars.into_iter().collect();
        format!("q{}Z", text.trim())
    })
}

fn keeping(recorder: Recorder<Scripted>) -> Recorder<Scripted> {
    recorder.keep_header("X-Kept").keep_query("page")
}

/// The exchanges with echoes of each form, and what each is.
fn all_echoes(secret: &str) -> Vec<(String, Exchange, &'static str)> {
    let of_form = |(name, form): &(&'static str, String)| {
        let named = |(place, exchange, pointer)| (format!("{name} in {place}"), exchange, pointer);
        echoes(form).into_iter().map(named).collect::<Vec<_>>()
    };
    forms(secret).iter().flat_map(of_form).collect()
}

/// What is written of an echo: the mark in its brackets, and of base64 its padding.
fn is_hidden(written: &str) -> bool {
    let marks = written.rsplit_once('[').and_then(|(_, rest)| rest.strip_prefix("***"));
    let rest = marks.and_then(|rest| rest.strip_suffix(']'));
    rest.is_some_and(|rest| rest.replace("%3D", "").trim_matches('=').is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_is_found_in_every_form_in_every_place(secret in secret(), which in any::<prop::sample::Index>()) {
        let lessons = lessons(&secret);
        let (lesson, teaching) = &lessons[which.index(lessons.len())];
        let echoes = all_echoes(&secret);
        // The lesson comes last: what was recorded before has to be looked through as well.
        let mut exchanges: Vec<_> = echoes.iter().map(|(_, exchange, _)| exchange.clone()).collect();
        exchanges.push(teaching.clone());
        let cassette = record(&exchanges, keeping);
        for (index, (echo, _, pointer)) in echoes.iter().enumerate() {
            let written = cassette["exchanges"][index].pointer(pointer).and_then(Value::as_str);
            prop_assert!(written.is_some_and(is_hidden), "{lesson}; {echo}: {written:?}");
        }
        let written = cassette["exchanges"][echoes.len()].to_string();
        for (form, text) in forms(&secret) {
            prop_assert!(!written.contains(&text), "{lesson}: {form} in {written}");
        }
    }

    #[test]
    fn what_is_told_is_found(secret in secret()) {
        let echoes = all_echoes(&secret);
        let exchanges: Vec<_> = echoes.iter().map(|(_, exchange, _)| exchange.clone()).collect();
        let cassette = record(&exchanges, |recorder| keeping(recorder).hide(&secret));
        for (index, (echo, _, pointer)) in echoes.iter().enumerate() {
            let written = cassette["exchanges"][index].pointer(pointer).and_then(Value::as_str);
            prop_assert!(written.is_some_and(is_hidden), "{echo}: {written:?}");
        }
    }
}
