//! What the tests share: waiting for conditions, collecting reports, files to print.
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use edge_agent::printer::{Report, StartOrder, What};
use protocol::attempt::Event;
use protocol::ids::{AttemptNo, Incarnation, JobId, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// Longest wait for a condition. Generous: two loaded cores.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(40);

/// Waits until a condition holds; says what was last seen when it does not.
pub(crate) async fn until<T: std::fmt::Debug>(what: &str, mut look: impl FnMut() -> (bool, T)) {
    let deadline = tokio::time::Instant::now() + WAIT_MAX;
    loop {
        let (holds, seen) = look();
        if holds {
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{what} did not happen within {WAIT_MAX:?}: {seen:#?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Reports as the ledger would get them. A mark (last line, start) is answered at once unless told otherwise.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    events: Vec<(u64, Event, String)>,
    marks: u64,
    foreign: Vec<String>,
    acked_line: u64,
    withhold_mark: bool,
    held_back: Vec<tokio::sync::oneshot::Sender<()>>,
}

impl Ledger {
    /// A ledger that takes every report.
    pub(crate) fn new() -> (Self, mpsc::Sender<Report>) {
        let (sender, mut reports) = mpsc::channel::<Report>(4);
        let ledger = Self::default();
        let kept = Arc::clone(&ledger.0);
        drop(edge_agent::tasks::spawn(async move {
            while let Some(report) = reports.recv().await {
                let mut kept = kept.lock().unwrap();
                match report.what {
                    What::Evidence { attempt, event, evidence } => {
                        kept.events.push((attempt.n, event, evidence))
                    }
                    What::Progress { progress, .. } => {
                        kept.acked_line = kept.acked_line.max(progress.acked_line)
                    }
                    What::ForeignPrint { name } => kept.foreign.push(name),
                    What::LastLineNext { durable, .. } | What::StartNext { durable, .. } => {
                        kept.marks += 1;
                        if kept.withhold_mark {
                            kept.held_back.push(durable);
                        } else {
                            durable.send(()).unwrap();
                        }
                    }
                }
            }
        }));
        (ledger, sender)
    }

    /// From now on the mark is not answered, until [`Ledger::release_mark`].
    pub(crate) fn withhold_mark(&self) {
        self.0.lock().unwrap().withhold_mark = true;
    }

    pub(crate) fn release_mark(&self, durable: bool) {
        for sender in self.0.lock().unwrap().held_back.drain(..) {
            if durable {
                sender.send(()).unwrap();
            }
        }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().events.iter().map(|(_, event, _)| *event).collect()
    }

    pub(crate) fn evidence(&self) -> Vec<(u64, Event, String)> {
        self.0.lock().unwrap().events.clone()
    }

    pub(crate) fn marks(&self) -> u64 {
        self.0.lock().unwrap().marks
    }

    pub(crate) fn foreign(&self) -> Vec<String> {
        self.0.lock().unwrap().foreign.clone()
    }

    pub(crate) async fn until_event(&self, wanted: Event) {
        until(&format!("{wanted:?}"), || (self.events().contains(&wanted), self.evidence())).await;
    }
}

/// The attempt with this number.
pub(crate) fn attempt(n: u64) -> AttemptNo {
    AttemptNo { incarnation: Incarnation::new(7), n }
}

/// A small plate: heats, homes, draws `segments` short lines, ends cold and parked.
pub(crate) fn plate(segments: u32) -> String {
    let mut text = String::from(
        "; a plate\nM73 P0 R5\nG90\nM83\nM140 S40\nM104 S180\nG28\nM190 S40\nM109 S180\nG92 E0\nG1 X3 Y10 Z0.3 F6000\n",
    );
    for n in 0..segments {
        let angle = f64::from(n) * 0.05;
        let (x, y) = (100.0 + 40.0 * angle.cos(), 100.0 + 40.0 * angle.sin());
        text.push_str(&format!("G1 X{x:.3} Y{y:.3} E0.05 F3000\n"));
    }
    text.push_str("G1 E-2 F2400\nM104 S0\nM140 S0\nM107\nG1 X5 Y200 F6000\nM84\nM73 P100 R0\n");
    text
}

/// Lines of a plate that are sent.
pub(crate) fn lines_of(plate: &str) -> u64 {
    plate.lines().filter(|line| !line.starts_with(';')).count() as u64
}

/// An order for a file written into `dir`.
pub(crate) fn order(dir: &TempDir, n: u64, gcode: &[u8]) -> StartOrder {
    let path: PathBuf = dir.path().join(format!("{n}.gcode"));
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(gcode).unwrap();
    let job: JobId = format!("0197a000-0000-7000-8000-{n:012}").parse().unwrap();
    StartOrder {
        attempt: attempt(n),
        job,
        task_id: format!("{}", 400_000_000 + n),
        gcode: path,
        file_name: format!("plate-{n}"),
        sha256: Sha256::of(gcode),
        estimated: Duration::from_secs(60),
    }
}
