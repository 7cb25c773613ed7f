//! Form data, row by row.

use http_hook::request::form;
use serde_json::{Value, json};

#[test]
fn form_data_is_encoded() {
    #[rustfmt::skip]
    let rows = [
        // why                        data                                             form
        ("pairs",                     json!({"x": "1", "y": "two words"}),             Some("x=1&y=two+words")),
        ("reserved",                  json!({"x": "ü&=+/?#%"}),                        Some("x=%C3%BC%26%3D%2B%2F%3F%23%25")),
        ("kept and not kept",         json!({"x": "~-._*'()!"}),                       Some("x=~-._%2A%27%28%29%21")),
        ("names too",                 json!({"a[]": "1", "b c": "2"}),                 Some("a%5B%5D=1&b+c=2")),
        ("controls",                  json!({"x": "\0\r\n\t\u{7f}"}),                  Some("x=%00%0D%0A%09%7F")),
        ("four bytes",                json!({"x": "😀"}),                               Some("x=%F0%9F%98%80")),
        ("nothing",                   json!({}),                                       Some("")),
        ("an empty list",             json!([]),                                       Some("")),
        ("null is left out",          json!({"x": null, "y": ""}),                     Some("y=")),
        ("lists repeat the name",     json!({"x": ["1", "2", null, 3], "y": []}),      Some("x=1&x=2&x=3")),
        ("a list in a list",          json!({"x": [["a", null], "c"]}),                Some("x=a&x=None&x=c")),
        ("names of an object",        json!({"x": {"a": 1, "b": 2}}),                  Some("x=a&x=b")),
        ("true and false",            json!({"x": true, "y": false}),                  Some("x=True&y=False")),
        ("numbers",                   json!({"x": [5, -5, 0.5, 1.0, -0.0]}),           Some("x=5&x=-5&x=0.5&x=1.0&x=-0.0")),
        ("large and small numbers",   json!({"x": [1e15, 1e16, 1.5e300, 1e-4, 1e-5]}), Some("x=1000000000000000.0&x=1e%2B16&x=1.5e%2B300&x=0.0001&x=1e-05")),
        ("a list of pairs",           json!([["a", 1], ["b", ["c", "d"]]]),            Some("a=1&b=c&b=d")),
        ("any scalar is a name",      json!([[5, "x"], [true, "y"], [null, "z"]]),     Some("5=x&True=y&None=z")),
        ("two characters are a pair", json!(["ab", "üx"]),                             Some("a=b&%C3%BC=x")),
        ("so are two names",          json!([{"a": 1, "b": 2}]),                       Some("a=b")),
        ("three characters",          json!(["abc"]),                                  None),
        ("one character",             json!(["a"]),                                    None),
        ("a pair of three",           json!([["a", "b", "c"]]),                        None),
        ("a null for a pair",         json!([null]),                                   None),
        ("a list for a name",         json!([[["a"], "b"]]),                           None),
        ("three lists deep",          json!({"x": [[["a"]]]}),                         None),
        ("a number",                  json!(5),                                        None),
        ("null",                      Value::Null,                                     None),
    ];
    for (why, data, expected) in rows {
        assert_eq!(form::from_value(&data).ok().as_deref(), expected, "{data}: {why}");
    }
}

#[test]
fn pairs_are_parted_by_ampersands() {
    assert_eq!(form::encode([("a", "1"), ("", ""), ("b c", "&")]), "a=1&=&b+c=%26");
}
