//! The environment, and files `.env`.

use http_hook_sources::blocking::{Source, Sources};
use http_hook_sources::{Env, Process};

use crate::Folder;

#[test]
fn a_team_sees_its_own_first_and_no_other_team() {
    let env = Env::of([
        ("AIRFLOW_CONN__SALES___API", "http://of-sales"),
        ("AIRFLOW_CONN__OTHER___API", "http://of-other"),
        ("AIRFLOW_CONN_API", "http://common"),
        ("AIRFLOW_CONN_REST", "http://rest"),
    ]);
    let rows = [
        // why                          team            id                  host
        ("nobody's", None, "api", Some("common")),
        ("its own", Some("sales"), "api", Some("of-sales")),
        ("common for want of its own", Some("sales"), "rest", Some("rest")),
        ("another team's by its name", None, "_other___api", None),
        ("the same of a team", Some("sales"), "_other___api", None),
    ];
    for (why, team, id, host) in rows {
        let env = team.map_or_else(|| env.clone(), |team| env.clone().team(team));
        let found = env.find(id).unwrap();
        assert_eq!(found.as_ref().and_then(|found| found.connection().host()), host, "{why}");
    }
    let ids = |env: &Env| env.ids().unwrap().into_iter().map(|one| one.place).collect::<Vec<_>>();
    assert_eq!(ids(&env), ["env AIRFLOW_CONN_API", "env AIRFLOW_CONN_REST"]);
    assert_eq!(ids(&env.team("sales")), ["env AIRFLOW_CONN__SALES___API", "env AIRFLOW_CONN_REST"]);
}

#[test]
fn no_id_and_no_name_of_a_team_make_up_those_of_another() {
    let env = Env::of([
        ("AIRFLOW_CONN__A___B___C", "http://c-of-a___b"),
        ("AIRFLOW_CONN__A____B", "http://b-of-a_"),
        ("AIRFLOW_CONN__A___B", "http://b-of-a"),
    ]);
    #[rustfmt::skip]
    let rows = [
        ("a___b",   "c",        Some("c-of-a___b")),
        ("a",       "b___c",    None),
        ("a_",      "b",        Some("b-of-a_")),
        ("a",       "_b",       None),
        ("a",       "b",        Some("b-of-a")),
    ];
    for (team, id, host) in rows {
        let env = env.clone().team(team);
        let found = env.find(id).unwrap();
        assert_eq!(found.as_ref().and_then(|found| found.connection().host()), host, "{team} {id}");
        for listed in env.ids().unwrap() {
            assert_eq!(env.find(&listed.id).unwrap().unwrap().place(), listed.place, "{team}");
        }
    }
    let one = http_hook::Connection::new().with_conn_type("http").with_host("h");
    assert!(http_hook_sources::Form::DotEnv.write([("_a___b", &one)]).is_err());
}

#[test]
fn no_value_of_a_variable_is_a_part_of_its_name() {
    // This test once more, in an environment that has such a variable.
    let Some(value) = std::env::var_os("AIRFLOW_CONN_A") else {
        let again = std::process::Command::new(std::env::current_exe().expect("a program"))
            .args(["--exact", "env::no_value_of_a_variable_is_a_part_of_its_name"])
            .env("AIRFLOW_CONN_A", "B=http://svc:pw@h.test")
            .output();
        return assert!(again.expect("an end").status.success());
    };
    assert_eq!(value, "B=http://svc:pw@h.test");
    assert_eq!(Env::process().find("a=b").unwrap(), None);
    assert!(Env::process().find("a").is_ok_and(|found| found.is_some()));
}

#[test]
fn a_dotenv_file_is_read_as_shells_and_containers_do() {
    let rows = [
        // why                              text                                            value of A, or what is wrong
        ("bare", "AIRFLOW_CONN_A=http://h", Ok("h")),
        ("export", "export AIRFLOW_CONN_A=http://h", Ok("h")),
        ("a tab behind export", "export\tAIRFLOW_CONN_A=http://h", Ok("h")),
        ("blanks around", "  AIRFLOW_CONN_A = http://h  ", Ok("h")),
        ("CR LF", "AIRFLOW_CONN_A=http://h\r\nB=c\r\n", Ok("h")),
        ("byte order mark", "\u{feff}AIRFLOW_CONN_A=http://h", Ok("h")),
        ("comment", "# A=b\nAIRFLOW_CONN_A=http://h # of ours", Ok("h")),
        ("a # inside is none", "AIRFLOW_CONN_A=http://h#x", Ok("h")),
        ("single quotes", "AIRFLOW_CONN_A='http://h'", Ok("h")),
        ("double quotes", "AIRFLOW_CONN_A=\"http://h\" # x", Ok("h")),
        ("JSON in single quotes", "AIRFLOW_CONN_A='{\"host\": \"h\"}'", Ok("h")),
        ("JSON in double quotes", "AIRFLOW_CONN_A=\"{\\\"host\\\": \\\"h\\\"}\"", Ok("h")),
        ("JSON bare", "AIRFLOW_CONN_A={\"host\": \"h\"}", Ok("h")),
        ("over lines", "AIRFLOW_CONN_A='{\n\"host\": \"h\"\n}'\nB=c", Ok("h")),
        ("nothing is put in", "AIRFLOW_CONN_A=http://${HOME}h", Ok("${home}h")),
        ("the last one counts", "AIRFLOW_CONN_A=http://g\nAIRFLOW_CONN_A=http://h", Ok("h")),
        ("no value", "AIRFLOW_CONN_A=", Err("defined")),
        ("not a line", "AIRFLOW_CONN_A=http://h\n\nfoo", Err("line 3: connection `a`: neither")),
        (
            "the quote is not closed",
            "\nAIRFLOW_CONN_A='http://h\n",
            Err("line 2: connection `a`: the quote is not closed"),
        ),
        (
            "behind the quote",
            "AIRFLOW_CONN_A='http://h' x",
            Err("line 1: connection `a`: something stands behind"),
        ),
        (
            "not a connection",
            "B='\n'\nAIRFLOW_CONN_A=http://h:x",
            Err("line 3: connection `a`: connection.port"),
        ),
    ];
    for (why, text, expected) in rows {
        let folder = Folder::new();
        let path = folder.write(".env", text);
        let got = Sources::new().with(Env::file(&path)).get("a");
        match expected {
            Ok(host) => assert_eq!(got.expect(why).connection().host(), Some(host), "{why}"),
            Err(says) => {
                let error = got.expect_err(why).to_string();
                assert!(error.contains(says), "{why}: {error}");
            }
        }
    }
}

#[test]
fn a_file_that_is_absent_is_an_error_unless_it_may_be() {
    let folder = Folder::new();
    let path = folder.path().join(".env");
    let error = Env::file(&path).find("a").unwrap_err();
    assert_eq!(error.to_string(), format!("env file {}: there is no such file", path.display()));
    assert_eq!(Env::file(&path).optional().find("a").unwrap(), None);
}

#[test]
fn a_hook_gets_what_the_process_has() {
    let folder = Folder::new();
    let netrc = folder.write("netrc", "machine api.test login u password p");
    let sources = |netrc| {
        let process = Process::new([("https_proxy", "http://proxy.test:3128")]).netrc(netrc);
        Sources::new()
            .with(Env::of([("AIRFLOW_CONN_A", "http://api.test/https")]))
            .with_process(process)
    };
    let hook = sources(netrc).hook("a").unwrap().build().unwrap();
    let told = hook.explain(&http_hook::RequestPlan::get("a")).unwrap().to_string();
    assert!(told.contains("header authorization"), "{told}");
    let script = http_hook_mock::MockTransport::new([http_hook_mock::Reply::status(200)]);
    assert!(http_hook_mock::blocking::from_hook(hook, &script).get("a").send().is_ok());
    assert!(script.received()[0].options.client.proxy.is_some());

    let broken = folder.write("broken", "machine api.test login u\nnonsense");
    let error = sources(broken.clone()).hook("a").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("netrc {}: netrc: a word at line 2", broken.display())),
        "{error}"
    );
    assert!(sources(folder.path().join("absent")).hook("a").is_ok());
}
