//! The classes of exceptions that our errors would be in Python.

/// The classes of Python's that an error of this kind would be of, the most exact first, without `Exception` and
/// `BaseException`, which all are of.
///
/// `kind` is the [name](http_hook::TransportErrorKind::name) of a transport error's kind, or `status` for a response that
/// fails the check, or `redirect` for a redirect that is not followed.
fn classes(kind: &str) -> Classes {
    CLASSES.iter().find(|(name, _)| *name == kind).map_or(&[], |(_, classes)| classes)
}

/// The kinds of transport errors that are of one of these classes.
pub(crate) fn kinds(classes: &[String]) -> impl Iterator<Item = &'static str> {
    let of_transports = CLASSES.iter().filter(|(name, _)| !["status", "redirect"].contains(name));
    of_transports.filter(|(name, _)| is_any(name, classes)).map(|(name, _)| *name)
}

/// Whether errors of this kind are of one of these classes.
pub(crate) fn is_any(kind: &str, named: &[String]) -> bool {
    classes(kind).iter().any(|class| named.iter().any(|named| named == class))
}

type Classes = &'static [&'static str];

const CONNECTION: Classes = &["ConnectionError", "RequestException", "OSError", "IOError"];
const READ_TIMEOUT: Classes = &["ReadTimeout", "Timeout", "RequestException", "OSError", "IOError"];

const CLASSES: [(&str, Classes); 15] = [
    ("dns", CONNECTION),
    ("connect", CONNECTION),
    ("interrupted", CONNECTION),
    ("protocol", CONNECTION),
    (
        "connect_timeout",
        &["ConnectTimeout", "ConnectionError", "Timeout", "RequestException", "OSError", "IOError"],
    ),
    ("head_timeout", READ_TIMEOUT),
    ("body_timeout", READ_TIMEOUT),
    ("timeout", READ_TIMEOUT),
    ("tls", &["SSLError", "ConnectionError", "RequestException", "OSError", "IOError"]),
    ("proxy", &["ProxyError", "ConnectionError", "RequestException", "OSError", "IOError"]),
    ("body", &["ChunkedEncodingError", "RequestException", "OSError", "IOError"]),
    ("limit", &["RequestException", "OSError", "IOError"]),
    ("invalid_request", &["InvalidURL", "RequestException", "OSError", "IOError", "ValueError"]),
    ("status", &["AirflowException"]),
    ("redirect", &["TooManyRedirects", "RequestException", "OSError", "IOError"]),
];
