//! TCP with faults: delay, throttle, black hole, cut at once or after so many bytes, half-closed.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes carried at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks are small enough that a throttle is smooth: at most so much of a second each.
const THROTTLE_SHARE: u64 = 20;
/// Connections at once; more are closed.
const CONNECTIONS_MAX: usize = 1_024;

/// What is wrong with the line, until it is told otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the words of a request, each independent of the others")]
pub struct Faults {
    /// Every connection is reset, and new ones are as well.
    pub cut: bool,
    /// Every connection is reset once; new ones are fine.
    pub cut_once: bool,
    /// Bytes are taken and go nowhere; connections stay.
    pub black_hole: bool,
    /// The next connection to pass so many bytes towards the server is reset, once.
    pub cut_after_bytes_up: Option<u64>,
    /// The same towards the client: the answer is lost after the work was done.
    pub cut_after_bytes_down: Option<u64>,
    /// The side towards the server is closed for writing, on every connection, once.
    pub half_close: bool,
    /// Each piece waits so long.
    pub delay_ms: u64,
    /// Bytes per second and direction; 0 is no limit.
    pub throttle_bytes_s: u64,
}

/// Counts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Connections reset by a fault.
    pub cuts: u64,
    /// Bytes towards the server.
    pub bytes_up: u64,
    /// Bytes towards the client.
    pub bytes_down: u64,
}

#[derive(Debug)]
struct Shared {
    faults: watch::Sender<Faults>,
    counts: Mutex<Counts>,
    live: std::sync::atomic::AtomicUsize,
}

/// The control side; clones share it.
#[derive(Debug, Clone)]
pub struct Proxy(Arc<Shared>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Proxy {
    /// Listens and carries everything to `to`. The returned address is where clients connect.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(listen: SocketAddr, to: SocketAddr) -> anyhow::Result<(Self, SocketAddr)> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let proxy = Self(Arc::new(Shared {
            faults: watch::Sender::new(Faults::default()),
            counts: Mutex::new(Counts::default()),
            live: std::sync::atomic::AtomicUsize::new(0),
        }));
        let accepting = proxy.clone();
        spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let live = accepting.0.live.load(std::sync::atomic::Ordering::Relaxed);
                if live < CONNECTIONS_MAX {
                    let carrier = accepting.clone();
                    spawn(async move { carrier.carry(client, to).await });
                }
            }
        });
        Ok((proxy, address))
    }

    /// Replaces what is wrong.
    pub fn set(&self, faults: Faults) {
        self.0.faults.send_modify(|now| *now = faults);
    }

    /// What is wrong now.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.0.faults.borrow().clone()
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn carry(&self, client: TcpStream, to: SocketAddr) {
        self.0.live.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.count(|counts| counts.connections += 1);
        if self.faults().cut {
            reset(&client);
            self.count(|counts| counts.cuts += 1);
        } else if let Ok(server) = TcpStream::connect(to).await {
            self.both(client, server).await;
        }
        self.0.live.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }

    async fn both(&self, client: TcpStream, server: TcpStream) {
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        let mut cut = self.0.faults.subscribe();
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        let whole = async {
            tokio::join!(
                self.way(from_client, to_server, Direction::Up),
                self.way(from_server, to_client, Direction::Down)
            )
        };
        tokio::select! {
            (up, down) = whole => if up || down { self.count(|counts| counts.cuts += 1) },
            // The value is a lock on the faults: it must be gone before they are changed.
            _ended = async { cut.wait_for(|faults| faults.cut || faults.cut_once).await.is_ok() } => {
                // Dropped with unread bytes or not: both ends see the connection go.
                self.0.faults.send_modify(|faults| faults.cut_once = false);
                self.count(|counts| counts.cuts += 1);
            }
        }
    }

    /// Carries one direction to its end; true when a fault ended it.
    async fn way(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: Direction) -> bool {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut faults = self.0.faults.subscribe();
        loop {
            let now = faults.borrow_and_update().clone();
            let most = match now.throttle_bytes_s {
                0 => CHUNK_BYTES,
                rate => {
                    usize::try_from((rate / THROTTLE_SHARE).max(1)).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES)
                }
            };
            if now.half_close && direction == Direction::Up {
                self.0.faults.send_modify(|faults| faults.half_close = false);
                drop(to.shutdown().await);
                return false;
            }
            let Some(into) = buffer.get_mut(..most) else { return false };
            let got = tokio::select! {
                got = from.read(into) => got,
                changed = faults.changed() => if changed.is_ok() { continue } else { return false },
            };
            let Ok(got @ 1..) = got else {
                drop(to.shutdown().await);
                return false;
            };
            let bytes = buffer.get(..got).unwrap_or_default();
            if !self.piece(bytes, &mut to, direction).await {
                return true;
            }
        }
    }

    /// Carries one piece; false when a fault ends the connection with it.
    async fn piece(&self, bytes: &[u8], to: &mut OwnedWriteHalf, direction: Direction) -> bool {
        let faults = self.faults();
        if faults.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(faults.delay_ms)).await;
        }
        let n = u64::try_from(bytes.len()).unwrap_or(0);
        if let Some(wait_ms) = (n * 1_000).checked_div(faults.throttle_bytes_s) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        let mut cut = false;
        self.0.faults.send_if_modified(|faults| {
            let left = match direction {
                Direction::Up => &mut faults.cut_after_bytes_up,
                Direction::Down => &mut faults.cut_after_bytes_down,
            };
            match left {
                Some(bytes) if *bytes <= n => (cut, *left) = (true, None),
                Some(bytes) => *bytes -= n,
                None => {}
            }
            false // Nobody waits for a count.
        });
        if cut {
            self.0.faults.send_modify(|faults| faults.cut_once = true);
            return false;
        }
        if self.faults().black_hole {
            return true;
        }
        self.count(|counts| match direction {
            Direction::Up => counts.bytes_up += n,
            Direction::Down => counts.bytes_down += n,
        });
        to.write_all(bytes).await.is_ok()
    }
}

/// The other side sees a reset instead of an orderly end.
fn reset(stream: &TcpStream) {
    drop(stream.set_zero_linger());
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one home of the proxy's tasks; they end with the process"
    )]
    drop(tokio::spawn(task));
}
