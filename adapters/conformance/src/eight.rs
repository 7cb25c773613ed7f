//! A server for eight tasks that programs have, over which examples of clients are compared: a typed GET, a 503 that is retried, a 404, a
//! time limit, a file down, a file up, a multipart body, 100 calls at once.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, io, process};

use crate::server::{Reply, Route, Server, serve};

/// How large the files are, in bytes.
const SIZE: usize = 200_000;

/// The server, and a folder with the file that goes up.
#[derive(Debug)]
pub struct Eight {
    server: Server,
    routes: Vec<Route>,
    folder: PathBuf,
}

impl Eight {
    /// Starts the server and writes the file.
    ///
    /// # Errors
    ///
    /// If a folder for the files cannot be made.
    pub fn serve() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("http-hook-eight-{}", process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("up.csv"), vec![b'y'; SIZE])?;
        let server = serve();
        let busy = [Reply::status(503, &[], b""), Reply::ok(b"at last")];
        let routes = vec![
            server.route_at("/busy", busy),
            server.route_at("/files", [Reply::status(201, &[], b"")]),
            server.route_at("/forms", [Reply::status(201, &[], b"")]),
            server.route_at("/order", [Reply::ok(br#"{"id": 1042}"#)]),
            server.route_at("/missing", [Reply::status(404, &[], b"")]),
            server.route_at("/slow", [Reply::silent().wait(Duration::from_secs(5)).hang()]),
            server.route_at("/large", [Reply::ok(&vec![b'x'; SIZE])]),
            server.route_at("/many", (0..100).map(|_| Reply::ok(b"one of them"))),
        ];
        Ok(Self { server, routes, folder })
    }

    /// Gives the URL of the server.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// Gives the path of the file to send.
    #[must_use]
    pub fn up(&self) -> String {
        self.folder.join("up.csv").to_string_lossy().into_owned()
    }

    /// Gives the path of the file to write.
    #[must_use]
    pub fn down(&self) -> String {
        self.folder.join("down").to_string_lossy().into_owned()
    }

    /// Looks whether all was done, of which `count` calls at once, and takes the files away.
    ///
    /// # Panics
    ///
    /// If something was not done.
    pub fn done(self, count: usize) {
        let body = |index: usize| self.routes[index].requests()[0].body.len();
        assert_eq!(self.routes[0].requests().len(), 2, "the 503 is retried");
        assert_eq!(body(1), SIZE, "the file goes up whole");
        assert!(body(2) > SIZE, "and as a part");
        let down = fs::metadata(self.down()).map(|about| about.len());
        assert_eq!(down.ok(), Some(SIZE as u64), "a file comes down whole");
        assert_eq!(count, 100);
        let _ = fs::remove_dir_all(&self.folder);
        println!("8 tasks done");
    }
}
