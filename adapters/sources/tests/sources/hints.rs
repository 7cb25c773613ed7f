//! Who asks for an id that is not there is told what was looked for, and what is meant, perhaps.

use http_hook_sources::blocking::Sources;
use http_hook_sources::{ConnectionFile, Env, SecretsDir, SourceErrorKind};

use crate::Folder;

#[test]
fn an_id_that_is_not_there_is_told_with_what_may_be_meant() {
    let folder = Folder::new();
    let variables = "# ours\nexport AIRFLOW_CONN_SALES='http://me:c4n4ry@api.test'\nAIRFLOW_CONN_STOCK=http://me:c4n4ry@api.test\n";
    let variables = folder.write("variables.env", variables);
    let uris = folder.write("uris.env", "sales=http://me:c4n4ry@api.test\n");
    let json = folder.write("conns.json", r#"{"sales": "http://me:c4n4ry@api.test", "stock": {}}"#);
    let toml =
        folder.write("conns.toml", "[sales]\nurl = \"http://api.test\"\npassword = \"c4n4ry\"\n");
    let empty = folder.write("empty.env", "# none\n");
    folder.write("dir/sales", "http://me:c4n4ry@api.test");
    let file = |path: &std::path::Path| Sources::new().with(ConnectionFile::new(path));
    let env = |path: &std::path::Path| Sources::new().with(Env::file(path));
    let given = Sources::new().with(Env::of([("AIRFLOW_CONN_SALES", "http://me:c4n4ry@api.test")]));
    let both = file(&json).with(Env::file(&variables));
    #[rustfmt::skip]
    let rows = [
        // why                                   sources                                                id          what is said
        ("a file of variables",                  file(&variables),                                      "sales",    "; line 2 of the file is a variable, which `Env::file`, or dotenv:PATH in a list of sources, reads"),
        ("without `export`",                     file(&variables),                                      "stock",    "; line 3 of the file is a variable, which `Env::file`, or dotenv:PATH in a list of sources, reads"),
        ("a file of URIs",                       env(&uris),                                            "sales",    "; line 1 of the file is ID=URI, which `ConnectionFile`, or file:PATH in a list of sources, reads"),
        ("a slip of the pen in a file",          file(&json),                                           "slaes",    "; the file has no such id; is it `sales`?"),
        ("in our own form",                      file(&toml),                                           "Sale",     "; the file has no such id; is it `sales`?"),
        ("another id",                           file(&json),                                           "invoices", "; the file has 2 others"),
        ("the only other",                       file(&toml),                                           "invoices", "; the file has 1 other"),
        ("one that is a member of none",         file(&uris),                                           "sale",     "; the file has no such id; is it `sales`?"),
        ("an empty file",                        file(&empty),                                          "sales",    ""),
        ("no file",                              Sources::new().with(ConnectionFile::new("no.json").optional()), "sales", ""),
        ("variables of a file",                  env(&variables),                                       "slaes",    "; the file has no AIRFLOW_CONN_SLAES; is it `sales`?"),
        ("given variables",                      given.clone(),                                         "sale",     "; the environment has no AIRFLOW_CONN_SALE; is it `sales`?"),
        ("given variables, and another id",      given,                                                 "invoices", "; the environment has no AIRFLOW_CONN_INVOICES"),
        ("a directory",                          Sources::new().with(SecretsDir::new(folder.path().join("dir"))), "sale", "; the directory has no such file; is it `sales`?"),
        ("each says its own",                    both,                                                  "slaes",    "; the file has no such id; is it `sales`?; the file has no AIRFLOW_CONN_SLAES; is it `sales`?"),
    ];
    for (why, sources, id, says) in rows {
        let error = sources.get(id).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::NotDefined, "{why}");
        assert_eq!(error.says(), format!("is not defined{says}"), "{why}");
        assert!(!error.to_string().contains("c4n4ry"), "{why}: {error}");
    }
}
