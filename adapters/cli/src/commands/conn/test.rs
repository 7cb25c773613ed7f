//! `http-hook conn test`: HEAD, and GET where that is not allowed. A test does not write.

use crate::args::{CallArgs, Format, RequestArgs, Test};
use crate::commands::Context;
use crate::commands::call::{self, HEAD_NOT_ALLOWED};
use crate::exit::Problem;

/// Asks for the headers as a call would, and gives the exit code of that call.
pub(crate) fn run(test: &Test, context: &Context) -> Result<u8, Problem> {
    let mut result = test.result.clone();
    result.hides_head = !result.include && result.print.is_none();
    if call::format_of(&result, &context.settings)? != Format::Json {
        result.print.get_or_insert_with(|| "h".to_owned());
    }
    let mut call = CallArgs {
        conn: test.conn.clone(),
        words: vec![test.endpoint.clone()],
        request: RequestArgs { head: true, ..RequestArgs::default() },
        auth: test.auth.clone(),
        limits: test.limits.clone(),
        client: test.client.clone(),
        result,
        save_state: None,
        storable: Vec::new(),
        checks: Vec::new(),
        dry_run: false,
        curl: false,
    };
    match call::run_or_again(&call, context, true)? {
        HEAD_NOT_ALLOWED => {
            call.request.head = false;
            call::run(&call, context)
        }
        code => Ok(code),
    }
}
