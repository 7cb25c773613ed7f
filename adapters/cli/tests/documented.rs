//! Every command that is documented is run, with what it prints.

#[test]
fn commands_do_what_is_written() {
    let cases = trycmd::TestCases::new();
    cases
        .env("REQUESTS_CA_BUNDLE", "")
        .env("CURL_CA_BUNDLE", "")
        .env("AIRFLOW_CONN_SALES", "http://reader:secret@api.example.com/https")
        .env("AIRFLOW_CONN_NEVER", r#"{"conn_type": "http", "host": "https://api.example.com", "extra": {"http_hook": {"retry": {"stop": {"type": "after_attempt", "max_attempts": 1}}}, "allow_redirects": true}}"#)
        .env("HOME", "/nowhere")
        .env("XDG_CONFIG_HOME", "/nowhere")
        .case("tests/cmd/*.md");
}
