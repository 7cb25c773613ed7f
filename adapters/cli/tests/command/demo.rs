//! The first thing that a newcomer sees.

use snapbox::{assert_data_eq, str};

use crate::support;

#[test]
fn three_attempts_and_the_answer() {
    let (code, out, err) = support::run(&["demo"]);
    assert_data_eq!(
        out,
        str![[r#"
# A server inside this program is busy at first, then resets, then answers.
$ export AIRFLOW_CONN_DEMO='http://reader:***@127.0.0.1:[..]'
$ http-hook call demo v1/orders limit==2 -v
> GET http://127.0.0.1:[..]/v1/orders?limit=2
  demo (env AIRFLOW_CONN_DEMO)
  1  503 Service Unavailable[..] ms  retry: 503 by policy, GET is idempotent
     waiting 1.[..] s, as the server asks
  2  interrupted            [..] ms  retry: the exchange broke off, GET is
                                       idempotent
     waiting 0.[..] s, by the policy
  3  200 OK                 [..] ms  done: 3 sends, 2 retries, [..] s of 30s
[
  {
    "id": 1042,
    "total": "19.90"
  },
  {
    "id": 1043,
    "total": "5.00"
  }
]

"#]]
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
}
