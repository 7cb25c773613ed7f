//! Processes that are killed and frozen.

use std::io;
use std::process::{Child, Command};

/// Some processes of the same kind, each of which is started again when it was killed.
pub struct Workers {
    make: Box<dyn Fn() -> Command + Send>,
    children: Vec<Child>,
    /// How many were killed.
    pub killed: usize,
    /// How many were frozen.
    pub frozen: usize,
}

impl Workers {
    /// Starts `count` processes.
    ///
    /// # Errors
    ///
    /// If one cannot be started.
    pub fn start(count: usize, make: impl Fn() -> Command + Send + 'static) -> io::Result<Self> {
        let children = (0..count).map(|_| make().spawn()).collect::<Result<_, _>>()?;
        Ok(Self { make: Box::new(make), children, killed: 0, frozen: 0 })
    }

    /// Returns the id of a process.
    #[must_use]
    pub fn id(&self, which: usize) -> u32 {
        self.children[which].id()
    }

    /// Kills a process where it stands, by SIGKILL, and starts another in its place.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn kill(&mut self, which: usize) -> io::Result<()> {
        let child = &mut self.children[which];
        child.kill()?;
        child.wait()?;
        *child = (self.make)().spawn()?;
        self.killed += 1;
        Ok(())
    }

    /// Freezes a process by SIGSTOP, or lets it go on.
    ///
    /// # Errors
    ///
    /// If `kill` cannot be run.
    pub fn freeze(&mut self, which: usize, frozen: bool) -> io::Result<()> {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        Command::new("kill").args([signal, &self.children[which].id().to_string()]).status()?;
        self.frozen += usize::from(frozen);
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
