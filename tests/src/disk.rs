//! What a process really wrote and synced, recorded with strace, and the disks that a power cut could have left behind.
//!
//! `sync.md` in short: what was synced is there; every write after it may be there, be lost, or be there in part, sector
//! by sector. Creating a file counts as durable at once, which is kinder than a disk; the databases are made once.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;

use crate::{seed::Seed, strace};

/// A disk writes whole sectors of this many bytes, and nothing larger in one go.
const SECTOR_BYTES: usize = 512;

/// One thing that the process did, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes handed to the system for a file; not on the disk before a [`Step::Sync`].
    Write {
        /// Path of the file.
        file: String,
        /// Where, bytes from its start.
        offset: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file was cut or grown to this length, bytes.
    Truncate {
        /// Path of the file.
        file: String,
        /// Its new length.
        length: usize,
    },
    /// Everything of a file is on the disk.
    Sync {
        /// Path of the file.
        file: String,
    },
    /// Bytes that left the process: to a socket or to a printer's port.
    Said {
        /// `socket:[…]`, or the path of the port.
        to: String,
        /// What.
        bytes: Vec<u8>,
    },
}

/// What becomes of the writes that were not synced when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// None reached the disk.
    Lost,
    /// All did.
    Kept,
    /// Each sector did or did not.
    Torn,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lost, Self::Kept, Self::Torn];
}

/// How a disk is believed to honour a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syncs {
    /// As the process asked.
    AsAsked,
    /// Syncs of write-ahead logs are left out: what `synchronous = NORMAL` does between two checkpoints. Shows that the
    /// oracle sees the loss.
    WithoutLogs,
}

#[derive(Debug, Default)]
struct Platter {
    durable: Vec<u8>,
    waiting: Vec<Step>,
}

/// The files of one folder on a disk whose power may go at any moment.
#[derive(Debug)]
pub struct Disk {
    files: BTreeMap<String, Platter>,
    syncs: Syncs,
}

impl Disk {
    /// An empty disk.
    #[must_use]
    pub const fn new(syncs: Syncs) -> Self {
        Self { files: BTreeMap::new(), syncs }
    }

    /// Follows the process by one step.
    pub fn follow(&mut self, step: &Step) {
        match step {
            Step::Write { file, .. } | Step::Truncate { file, .. } => {
                self.files.entry(file.clone()).or_default().waiting.push(step.clone());
            }
            Step::Sync { file } => {
                let is_left_out = self.syncs == Syncs::WithoutLogs && file.ends_with("-wal");
                if let Some(platter) = self.files.get_mut(file).filter(|_| !is_left_out) {
                    for waiting in std::mem::take(&mut platter.waiting) {
                        apply(&mut platter.durable, &waiting, |_sector| true);
                    }
                }
            }
            Step::Said { .. } => {}
        }
    }

    /// Writes the files as the disk would show them after a power cut now, into `folder`, by their names.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn after_power_cut(&self, folder: &Path, fate: Fate, seed: &mut Seed) -> anyhow::Result<()> {
        for (path, platter) in &self.files {
            let mut bytes = platter.durable.clone();
            for waiting in &platter.waiting {
                apply(&mut bytes, waiting, |_sector| match fate {
                    Fate::Lost => false,
                    Fate::Kept => true,
                    Fate::Torn => seed.below(2) == 0,
                });
            }
            let name = Path::new(path).file_name().with_context(|| format!("a file name in {path}"))?;
            #[expect(clippy::disallowed_methods, reason = "a picture of a disk, thrown away after a look")]
            std::fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }
}

/// Applies those sectors of a write that reach the disk. A file grows with zeros up to the first byte that does.
fn apply(bytes: &mut Vec<u8>, step: &Step, mut reaches: impl FnMut(usize) -> bool) {
    match step {
        Step::Write { offset, bytes: new, .. } => {
            let mut at = 0;
            while at < new.len() {
                // Sectors are counted from the start of the file, not of the write.
                let to = (at + SECTOR_BYTES - (offset + at) % SECTOR_BYTES).min(new.len());
                if let Some(part) = new.get(at..to).filter(|_| reaches((offset + at) / SECTOR_BYTES)) {
                    let (from, end) = (offset + at, offset + to);
                    if bytes.len() < end {
                        bytes.resize(end, 0);
                    }
                    if let Some(place) = bytes.get_mut(from..end) {
                        place.copy_from_slice(part);
                    }
                }
                at = to;
            }
        }
        Step::Truncate { length, .. } if reaches(length / SECTOR_BYTES) => bytes.resize(*length, 0),
        Step::Truncate { .. } | Step::Sync { .. } | Step::Said { .. } => {}
    }
}

/// Reads a recording: the steps on `database` and its write-ahead log, and everything that was said meanwhile.
///
/// # Errors
/// The recording cannot be read or is not understood.
pub fn read(recording: &Path, database: &Path) -> anyhow::Result<Vec<Step>> {
    let text = std::fs::read_to_string(recording).with_context(|| format!("read {}", recording.display()))?;
    let name = database.file_name().and_then(|n| n.to_str()).context("the database has a name")?;
    let wanted = [name.to_owned(), format!("{name}-wal")];
    let mut steps = strace::steps(&text)?;
    steps.retain(|step| match step {
        Step::Write { file, .. } | Step::Truncate { file, .. } | Step::Sync { file } => Path::new(file)
            .file_name()
            .and_then(|n| n.to_str())
            .is_some_and(|n| wanted.iter().any(|w| w == n)),
        Step::Said { .. } => true,
    });
    anyhow::ensure!(steps.iter().any(|s| matches!(s, Step::Sync { .. })), "no sync of {name} was recorded");
    Ok(steps)
}
