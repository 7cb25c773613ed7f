//! Variables and ids of any kind: a look-up finds what is set under the one name, or tells why not without any of it.

#![no_main]

use http_hook_sources::Env;
use http_hook_sources::blocking::{Source, Sources};

const CANARY: &str = "c4n4ry";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.splitn(4, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (id, team, value) = (part(), part(), part());
    if id.contains(CANARY) || team.contains(CANARY) {
        return;
    }
    let name = format!("AIRFLOW_CONN_{}", id.to_uppercase());
    let env = Env::of([
        (name.clone(), format!("{value}{CANARY}")),
        (format!("AIRFLOW_CONN__{}___X", team.to_uppercase()), CANARY.to_owned()),
    ]);
    for env in [env.clone(), env.team(team)] {
        let listed = env.ids().expect("a list");
        let sources = Sources::new().with(env);
        match sources.find(id) {
            Ok(found) => {
                let is_listed = listed.iter().any(|one| one.id.to_uppercase() == id.to_uppercase());
                assert!(
                    found.is_none() || is_listed || id.to_uppercase() == "X",
                    "what is found is listed"
                );
                assert!(!format!("{found:?}").contains(CANARY));
            }
            Err(error) => assert!(!format!("{error} {error:?}").contains(CANARY)),
        }
    }
    // A file `.env` of any text is read or refused.
    let _ = http_hook_sources::Form::DotEnv.read(text);
});
