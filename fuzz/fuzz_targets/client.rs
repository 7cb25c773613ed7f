#![no_main]

#[path = "../../adapters/mock/tests/page/client.rs"]
mod client;
#[path = "../../adapters/mock/tests/page/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|script: Vec<http_hook_mock::Reply>| {
    promises::keeps_its_promises(script);
});
