//! The only place that reads clocks. Wall time is for people and due dates; order is by sequence numbers, and
//! waiting uses tokio's time.

use protocol::{
    ids::BootId,
    units::{MonoMs, WallMs},
};

/// Reads the clocks of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    boot_id: BootId,
}

impl Clock {
    /// Takes the machine's boot id once; it does not change while the process lives.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let hex: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        Self { boot_id: hex.parse().unwrap_or(BootId::new(0)) }
    }

    /// Milliseconds since 1970 UTC; may be years off before the time is synchronised.
    #[must_use]
    pub fn wall(&self) -> WallMs {
        #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        WallMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since boot, counting sleep (`CLOCK_BOOTTIME`).
    #[must_use]
    pub fn mono(&self) -> MonoMs {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let millis = u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0);
        MonoMs(seconds.saturating_mul(1000).saturating_add(millis))
    }

    /// The machine's present life.
    #[must_use]
    pub const fn boot_id(&self) -> BootId {
        self.boot_id
    }

    /// Whether systemd-timesyncd or another daemon has set the clock (`adjtimex` would need no file, but its
    /// state survives in this one on Debian and Pi OS).
    #[must_use]
    pub fn is_synced(&self) -> bool {
        std::path::Path::new("/run/systemd/timesync/synchronized").exists()
    }
}
