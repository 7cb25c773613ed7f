//! What one send says of TLS holds for that send: not for the next one, not for another origin, whatever connection or
//! session is kept.

use std::thread;
use std::time::Duration;

use http::Method;
use http_hook::options::{Capability, ClientOptions, Verify};
use http_hook::{Sent, TransportErrorKind as Kind};

use super::super::kept::PAUSES;
use super::super::probe::{Probe, request};
use super::super::row::{Check, Expect};
use super::world::{Shown, World};
use super::{NOT_LET_IN, Step, is_refused, send, send_options};
use crate::server::{Reply, Server};

pub(super) fn checks() -> Vec<Check> {
    use Capability::{ClientCert, VerifyFile, VerifyOff};
    vec![
        Check::new("tls-verify-not-shared", 6, "refused again once verification is on", |probe| {
            Box::pin(verify(probe))
        })
        .needs(VerifyFile)
        .needs(VerifyOff),
        Check::new("client-cert-not-shared", 6, "seen where it was given, only", |probe| {
            Box::pin(cert(probe))
        })
        .needs(VerifyFile)
        .needs(ClientCert),
        Check::new("client-cert-asked-of-many", 6, "an error where none was given", |probe| {
            Box::pin(cert_required(probe))
        })
        .needs(VerifyFile)
        .needs(ClientCert),
        Check::new("tls-two-origins", 6, "each origin by the settings of its send", |probe| {
            Box::pin(origins(probe))
        })
        .needs(VerifyFile)
        .needs(VerifyOff)
        .needs(ClientCert),
        Check::new("tls-kept-reused", None, "two requests come by one connection", |probe| {
            Box::pin(reused(probe))
        })
        .needs(VerifyFile),
        Check::new("tls-kept-closed-post", 9, "an error, perhaps sent, once", |probe| {
            Box::pin(dies(probe))
        })
        .needs(VerifyFile),
    ]
}

/// Answers after which the connection is kept, or is not: then there is a session to be taken up by the next one.
const ENDS: [fn() -> Reply; 2] =
    [|| Reply::ok(b"ok"), || Reply::status(200, &[("Connection", "close")], b"ok").close()];

/// Sends, and expects an answer, the server having seen this client.
async fn seen(
    probe: &Probe<'_>,
    (server, answer): (&Server, fn() -> Reply),
    options: &ClientOptions,
    client: Option<&str>,
) -> Step {
    let route = server.route([answer()]);
    let told = send(probe, route.url(), options).await;
    told.answer(200, b"ok")?;
    match route.requests().as_slice() {
        [seen] if seen.client.as_deref() == client => Ok(()),
        [seen] => Err(format!("the server saw {:?}, not {client:?}", seen.client)),
        seen => Err(format!("came as {seen:?}")),
    }
}

async fn refused(probe: &Probe<'_>, server: &Server, options: &ClientOptions) -> Step {
    let route = server.route([Reply::ok(b"ok")]);
    is_refused(&send(probe, route.url(), options).await, &route)
}

async fn verify(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let (system, on) = (ClientOptions::default(), world.trusting()?);
    let mut off = on.clone();
    off.verify = Verify::Off;
    for end in ENDS {
        let server = world.serve(Shown::SelfSigned)?;
        for options in [&on, &system, &off, &on, &system, &off, &on] {
            match options.verify {
                Verify::Off => seen(probe, (&server, end), options, None).await,
                _ => refused(probe, &server, options).await,
            }
            .map_err(|why| format!("{:?}: {why}", options.verify))?;
        }
        // An authority that one send trusts is unknown to the next.
        let server = world.serve(Shown::Good)?;
        seen(probe, (&server, end), &on, None).await?;
        refused(probe, &server, &system).await?;
    }
    Ok(())
}

async fn cert(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let (none, one) = (world.trusting()?, world.client("one", false)?);
    let two = world.client("two", false)?;
    for end in ENDS {
        let server = world.serve(Shown::AskingPolitely)?;
        for (options, client) in [
            (&none, None),
            (&one, Some("one")),
            (&none, None),
            (&two, Some("two")),
            (&one, Some("one")),
            (&none, None),
        ] {
            seen(probe, (&server, end), options, client).await?;
        }
    }
    Ok(())
}

async fn cert_required(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let (none, one) = (world.trusting()?, world.client("one", false)?);
    for end in ENDS {
        let server = world.serve(Shown::Asking)?;
        for options in [&none, &one, &none, &one] {
            if options.cert.is_some() {
                seen(probe, (&server, end), options, Some("one")).await?;
                continue;
            }
            let route = server.route([Reply::ok(b"ok")]);
            let told = send(probe, route.url(), options).await;
            Expect::Error(NOT_LET_IN).holds(&told)?;
            told.agrees_with(&route.requests())?;
        }
    }
    Ok(())
}

async fn origins(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let on = world.trusting()?;
    let mut off = world.client("one", false)?;
    off.verify = Verify::Off;
    for end in ENDS {
        let unsafe_one = world.serve(Shown::WrongHost)?;
        let other = world.serve(Shown::WrongHost)?;
        let asking = world.serve(Shown::AskingPolitely)?;
        seen(probe, (&unsafe_one, end), &off, None).await?;
        refused(probe, &other, &on).await?;
        seen(probe, (&asking, end), &on, None).await?;
        seen(probe, (&asking, end), &off, Some("one")).await?;
        seen(probe, (&asking, end), &on, None).await?;
        refused(probe, &unsafe_one, &on).await?;
    }
    Ok(())
}

async fn reused(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Good)?;
    let options = world.trusting()?;
    for (sent, pause) in PAUSES.into_iter().enumerate() {
        thread::sleep(Duration::from_millis(pause));
        seen(probe, (&server, ENDS[0]), &options, None).await?;
        if server.connections() <= sent {
            return Ok(());
        }
    }
    Err(format!("came by {} connections", server.connections()))
}

async fn dies(probe: &Probe<'_>) -> Step {
    let world = World::new()?;
    let server = world.serve(Shown::Good)?;
    let options = world.trusting()?;
    for end in [Reply::close, Reply::cut, Reply::reset] {
        let again = Reply::ok(b"sent again");
        let route = server.route([Reply::ok(b"warm"), end(Reply::silent()), again]);
        send(probe, route.url(), &options).await.answer(200, b"warm")?;
        let post = request(Method::POST, route.url(), "body");
        let told = probe.send_under(post, &send_options(&options)).await;
        Expect::Unsent(&[Kind::Interrupted], Sent::Maybe).holds(&told)?;
        told.agrees_with(&route.requests()[1..])?;
    }
    Ok(())
}
