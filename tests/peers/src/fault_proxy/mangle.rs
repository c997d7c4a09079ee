//! What a bad cable does to bytes and lines of one direction. Pure and seeded.
use serde::{Deserialize, Serialize};

/// Longest line that is kept together.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Faults of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Damage {
    /// Bytes with one flipped bit, per million.
    pub flip_per_million: u32,
    /// Bytes that are lost, per million.
    pub drop_per_million: u32,
    /// Lines that are sent twice, per thousand.
    pub double_lines_per_thousand: u32,
    /// Lines that are lost: the next so many that start with [`Damage::lose_prefix`].
    pub lose_lines: u32,
    /// Beginning of the lines that are lost; empty: any.
    pub lose_prefix: String,
}

/// What was done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Bytes that came in.
    pub bytes: u64,
    /// Bits flipped.
    pub flips: u64,
    /// Bytes lost.
    pub drops: u64,
    /// Lines lost.
    pub lost_lines: u64,
    /// Lines doubled.
    pub doubled_lines: u64,
}

/// One direction.
#[derive(Debug)]
pub struct Mangler {
    /// What happens to what passes.
    pub damage: Damage,
    /// What happened.
    pub done: Done,
    line: Vec<u8>,
    random: u64,
}

impl Mangler {
    /// A sound line. The same seed damages the same bytes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { damage: Damage::default(), done: Done::default(), line: Vec::new(), random: seed | 1 }
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        u32::try_from(self.random % u64::from(limit.max(1))).unwrap_or(0)
    }

    fn hits(&mut self, share: u32, of: u32) -> bool {
        share > 0 && self.below(of) < share
    }

    /// Takes bytes and gives what comes out at the other end.
    pub fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.done.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        let by_line = self.damage.lose_lines > 0 || self.damage.double_lines_per_thousand > 0;
        if !by_line {
            let held = std::mem::take(&mut self.line);
            self.bytes(&held, out);
            self.bytes(bytes, out);
            return;
        }
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' || self.line.len() >= LINE_BYTES_MAX {
                let line = std::mem::take(&mut self.line);
                self.whole_line(&line, out);
            }
        }
    }

    fn whole_line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if self.damage.lose_lines > 0 && line.starts_with(self.damage.lose_prefix.as_bytes()) {
            self.damage.lose_lines -= 1;
            self.done.lost_lines += 1;
            return;
        }
        self.bytes(line, out);
        if self.hits(self.damage.double_lines_per_thousand, 1_000) {
            self.done.doubled_lines += 1;
            self.bytes(line, out);
        }
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            if self.hits(self.damage.drop_per_million, 1_000_000) {
                self.done.drops += 1;
                continue;
            }
            if self.hits(self.damage.flip_per_million, 1_000_000) {
                self.done.flips += 1;
                out.push(byte ^ (1 << self.below(7)));
            } else {
                out.push(*byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(damage: Damage, text: &str) -> (String, Done) {
        let mut mangler = Mangler::new(5);
        mangler.damage = damage;
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(3) {
            mangler.pass(piece, &mut out);
        }
        (String::from_utf8_lossy(&out).into_owned(), mangler.done)
    }

    #[test]
    fn a_sound_line_changes_nothing() {
        assert_eq!(passed(Damage::default(), "ok\nN1 G28*18\npart").0, "ok\nN1 G28*18\npart");
    }

    #[test]
    fn the_named_lines_are_lost_and_only_so_many() {
        let damage = Damage { lose_lines: 2, lose_prefix: "ok".to_owned(), ..Damage::default() };
        assert_eq!(passed(damage, "ok 1\nT:1\nok 2\nok 3\n").0, "T:1\nok 3\n");
    }

    #[test]
    fn random_damage_is_counted_and_repeats() {
        let damage = Damage { flip_per_million: 50_000, drop_per_million: 50_000, ..Damage::default() };
        let text = "0123456789".repeat(200);
        let (first, done) = passed(damage.clone(), &text);
        assert!(done.flips > 50 && done.drops > 50, "{done:?}");
        assert_eq!(first.chars().count() + usize::try_from(done.drops).unwrap(), 2_000);
        assert_eq!(passed(damage, &text).0, first);
    }
}
