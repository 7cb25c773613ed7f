//! A text in any form is read or refused; what is read is written in every form, and read again as the same.

#![no_main]

use http_hook::{Connection, Secret};
use http_hook_sources::Form;

const FORMS: [Form; 6] =
    [Form::Json, Form::Yaml, Form::Toml, Form::OwnYaml, Form::Env, Form::DotEnv];

fn fields(connection: &Connection) -> (Vec<Option<String>>, Option<i64>) {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let fields = vec![
        text(connection.conn_type()),
        text(connection.description()),
        text(connection.host()),
        text(connection.schema()),
        text(connection.login()),
        text(connection.password().map(Secret::expose)),
    ];
    (fields, connection.port())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let form = FORMS[usize::from(*first) % FORMS.len()];
    let read = match form.read(text) {
        Ok(read) => read,
        // What is wrong is told without more than a character of the text.
        Err(error) => {
            assert!(error.to_string().len() < 1_000);
            return;
        }
    };
    let all: Vec<(&str, &Connection)> = read
        .iter()
        .filter_map(|found| Some((found.connection().id()?, found.connection())))
        .collect();
    for form in [Form::Json, Form::Yaml, Form::Toml, Form::OwnYaml] {
        let Ok(text) = form.write(all.iter().copied()) else { continue };
        let again = form.read(text.expose()).expect("what is written is read");
        assert_eq!(again.len(), all.len(), "{form}");
        for ((_, written), read) in all.iter().zip(&again) {
            assert_eq!(fields(read.connection()), fields(written), "{form}");
        }
    }
});
