//! The tally: what physically happened. See the parent module for the definitions.
use serde::Serialize;

use super::motion::Block;

/// Runs kept; the oldest are dropped, the counters stay right.
const RUNS_MAX: usize = 1_000;

/// One physical start and what followed until the next one.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Counts from 1.
    pub n: u64,
    /// Name of the file, where the printer knows one.
    pub file: Option<String>,
    /// The bed still bore an earlier run.
    pub on_occupied_bed: bool,
    /// Moves executed.
    pub moves: u64,
    /// Filament pushed out in mm.
    pub extruded_mm: f64,
    /// Highest Z at which filament was pushed out.
    pub top_mm: f64,
}

/// Everything that is counted over the life of the machine, resets included.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// Physical starts.
    pub starts: u64,
    /// Starts while the bed bore an earlier run.
    pub starts_on_occupied_bed: u64,
    /// Moves executed to their end.
    pub moves: u64,
    /// Filament pushed out in mm.
    pub extruded_mm: f64,
    /// Moves that ended outside the bed.
    pub moves_outside_bed: u64,
    /// Whether anything lies on the bed.
    pub bed_occupied: bool,
    /// Where the nozzle really is: X, Y, Z in mm.
    pub position: [f64; 3],
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    #[serde(skip)]
    fresh: bool,
    #[serde(skip)]
    file: Option<String>,
    #[serde(skip)]
    filament: f64,
    #[serde(skip)]
    filament_top: f64,
    #[serde(skip)]
    bed: [f64; 2],
}

impl Tally {
    /// A machine that was just switched on, with a bed of so many mm.
    #[must_use]
    pub fn new(bed: [f64; 2]) -> Self {
        Self { fresh: true, bed, ..Self::default() }
    }

    /// The next filament pushed out is a new start.
    pub fn freshen(&mut self) {
        self.fresh = true;
    }

    /// The same, for a printer that knows the name of the job.
    pub fn begin(&mut self, file: &str) {
        self.fresh = true;
        self.file = Some(file.to_owned());
    }

    /// A person took everything off the bed.
    pub fn clear_bed(&mut self) {
        self.bed_occupied = false;
    }

    /// A move was executed to its end.
    pub fn moved(&mut self, block: &Block) {
        self.moves += 1;
        self.position = block.to;
        let [x, y, _] = block.to;
        let [width, depth] = self.bed;
        if !(-0.01..=width + 0.01).contains(&x) || !(-0.01..=depth + 0.01).contains(&y) {
            self.moves_outside_bed += 1;
        }
        if self.fresh && block.filament_mm > 0.0 {
            // How far the job before pulled the filament back is not this job's doing.
            self.filament_top = self.filament;
        }
        self.filament += block.filament_mm;
        let pushed = self.filament - self.filament_top;
        if pushed > 0.0 {
            if self.fresh {
                self.start();
            }
            self.filament_top = self.filament;
            self.extruded_mm += pushed;
        }
        if let Some(run) = self.runs.last_mut() {
            run.moves += 1;
            if pushed > 0.0 {
                run.extruded_mm += pushed;
                run.top_mm = run.top_mm.max(block.to[2]);
            }
        }
    }

    fn start(&mut self) {
        self.fresh = false;
        self.starts += 1;
        let on_occupied_bed = self.bed_occupied;
        if on_occupied_bed {
            self.starts_on_occupied_bed += 1;
        }
        self.bed_occupied = true;
        if self.runs.len() >= RUNS_MAX {
            self.runs.remove(0);
        }
        self.runs.push(Run {
            n: self.starts,
            file: self.file.clone(),
            on_occupied_bed,
            moves: 0,
            extruded_mm: 0.0,
            top_mm: 0.0,
        });
    }

    /// Forgets how far the filament was pulled back: a new job starts from a nozzle in unknown state.
    pub fn filament_known(&mut self) {
        self.filament = 0.0;
        self.filament_top = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::gcode::Code;
    use super::super::motion::Motion;
    use super::*;

    fn run(tally: &mut Tally, motion: &mut Motion, lines: &str) {
        for line in lines.lines() {
            let code = Code::parse(line).unwrap();
            if code.command == "G28" {
                motion.home();
                tally.freshen();
            } else if !motion.mode(&code) {
                let block = motion.plan(&code, false);
                tally.moved(&block);
            }
        }
    }

    const PLATE: &str =
        "G28\nG90\nM83\nG1 X10 Y10 Z0.3 F6000\nG1 X10 Y110 E10\nG1 E-5\nG1 X50 Y50\nG1 E5\nG1 X60 E.5";

    #[test]
    fn starts_filament_and_beds_are_counted() {
        let (mut tally, mut motion) = (Tally::new([220.0, 220.0]), Motion::default());
        run(&mut tally, &mut motion, PLATE);
        assert_eq!((tally.starts, tally.starts_on_occupied_bed, tally.moves), (1, 0, 6));
        assert!((tally.extruded_mm - 10.5).abs() < 1e-9, "{}", tally.extruded_mm);
        run(&mut tally, &mut motion, "G1 X70 E1\nG1 X500 E1"); // The same print goes on, over the edge.
        assert_eq!((tally.starts, tally.moves_outside_bed), (1, 1));
        run(&mut tally, &mut motion, PLATE);
        assert_eq!((tally.starts, tally.starts_on_occupied_bed), (2, 1));
        tally.clear_bed();
        run(&mut tally, &mut motion, PLATE);
        assert_eq!((tally.starts, tally.starts_on_occupied_bed), (3, 1));
    }
}
