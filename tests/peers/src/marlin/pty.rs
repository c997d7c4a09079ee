//! The serial port: a pty whose other end hosts open through a symbolic link.
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Our side of the port. Dropped: the cable is pulled.
#[derive(Debug)]
pub struct Pty {
    ours: OwnedFd,
    link: PathBuf,
}

impl Pty {
    /// Makes a port and its link; an old link is replaced.
    ///
    /// # Errors
    /// What the system says, with the path.
    pub fn new(link: &Path) -> io::Result<Self> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        let name = ptsname(&ours, Vec::new())?;
        // Opened once and closed: from then on the system says whether somebody has it open; raw mode stays.
        let theirs = rustix::fs::open(
            name.as_c_str(),
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut modes = tcgetattr(&theirs)?;
        modes.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &modes)?;
        drop(theirs);
        let name = PathBuf::from(name.to_string_lossy().into_owned());
        match fs::remove_file(link) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::os::unix::fs::symlink(name, link)?;
        Ok(Self { ours, link: link.to_owned() })
    }

    /// Waits for input up to so many seconds, then says whether a host has the port open.
    #[must_use]
    pub fn wait(&self, seconds: f64) -> bool {
        let mut fds = [PollFd::new(&self.ours, PollFlags::IN)];
        let got = poll(&mut fds, Some(&timeout(seconds)));
        got.is_ok() && !fds.iter().any(|fd| fd.revents().contains(PollFlags::HUP))
    }

    /// Reads what is there, into `into`; 0 when there is nothing.
    #[must_use]
    pub fn read(&self, into: &mut [u8]) -> usize {
        rustix::io::read(&self.ours, into).unwrap_or(0)
    }

    /// Writes what fits; gives how many bytes.
    #[must_use]
    pub fn write(&self, bytes: &[u8]) -> usize {
        rustix::io::write(&self.ours, bytes).unwrap_or(0)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.link));
    }
}

/// Waits without looking at anything.
pub fn pause(seconds: f64) {
    poll(&mut [], Some(&timeout(seconds))).unwrap_or(0);
}

fn timeout(seconds: f64) -> Timespec {
    let wait = std::time::Duration::from_secs_f64(seconds.clamp(0.0, 10.0));
    Timespec { tv_sec: i64::try_from(wait.as_secs()).unwrap_or(10), tv_nsec: i64::from(wait.subsec_nanos()) }
}
