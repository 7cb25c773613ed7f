use http_hook_mock::any_script;
use proptest::proptest;

use crate::promises::keeps_its_promises;

proptest! {
    #[test]
    fn whatever_the_server_does(script in any_script()) {
        keeps_its_promises(script);
    }
}
