//! States, times and amounts as the pages say them. Every state word here has its row in the design system's table;
//! no other state word reaches a template.

use jiff::{Timestamp, tz::TimeZone};

/// A state with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) word: &'static str,
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
    /// A printer in this state needs a hand: its band is solid.
    pub(super) loud: bool,
}

const fn quiet(word: &'static str, icon: &'static str, class: &'static str) -> Sign {
    Sign { word, icon, class, loud: false }
}
const fn loud(word: &'static str, icon: &'static str, class: &'static str) -> Sign {
    Sign { word, icon, class, loud: true }
}

/// Signs of printers and tries.
pub(super) const SIGNS: [Sign; 16] = [
    quiet("Ready", "s-ready", "c-ok"),
    quiet("Heating", "s-heating", "c-go"),
    quiet("Printing", "s-printing", "c-go"),
    loud("Paused", "s-paused", "c-hold"),
    loud("Needs clearing", "s-clearing", "c-clr"),
    loud("Attention", "s-attention", "c-bad"),
    quiet("Offline", "s-offline", "c-off"),
    UNKNOWN,
    quiet("Out of service", "s-oos", "c-off"),
    quiet("Queued", "s-queued", "c-off"),
    quiet("Slicing", "s-slicing", "c-go"),
    quiet("Waiting for printer", "s-waiting", "c-hold"),
    quiet("Starting", "s-starting", "c-go"),
    quiet("Finished", "s-finished", "c-ok"),
    quiet("Failed", "s-failed", "c-bad"),
    quiet("Cancelled", "s-cancelled", "c-off"),
];

/// What nobody knows, also a word that has no row.
const UNKNOWN: Sign = loud("Unknown", "s-unknown", "c-unk");

/// The sign of a state word.
pub(super) fn sign(word: &str) -> Sign {
    SIGNS.iter().find(|s| s.word == word).copied().unwrap_or(UNKNOWN)
}

/// Clock and calendar of the pages, in the machine's zone.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub(super) now_ms: i64,
    pub(super) zone: TimeZone,
}

impl Clock {
    fn at(&self, ms: i64) -> jiff::Zoned {
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone())
    }

    /// `13:58` today, else `Mon 12:00`, else `12 Nov 22:40`.
    pub(super) fn time(&self, ms: i64) -> String {
        let (then, now) = (self.at(ms), self.at(self.now_ms));
        let form = match (now.date() - then.date()).get_days() {
            0 => "%H:%M",
            -6..=6 => "%a %H:%M",
            _far => "%-d %b %H:%M",
        };
        then.strftime(form).to_string()
    }

    /// With seconds, for the record of a try and the foot of a page.
    pub(super) fn second(&self, ms: i64) -> String {
        self.at(ms).strftime("%H:%M:%S").to_string()
    }

    /// `42 min`: how long ago, or how long until.
    pub(super) fn span(&self, ms: i64) -> String {
        span(ms.abs_diff(self.now_ms) / 1000)
    }
}

/// `1 h 12 min`; under 90 s in seconds.
pub(super) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..90 => format!("{seconds} s"),
        90..3_600 => format!("{minutes} min"),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _days if days == 1 => format!("1 day {} h", hours % 24),
        _days => format!("{days} days"),
    }
}

/// Whole numbers with their noun.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// The first letter large, a full stop at the end: reasons become sentences.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut out: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    out.push_str(letters.as_str());
    if !out.is_empty() && !out.ends_with(['.', '?', '!']) {
        out.push('.');
    }
    out
}

/// A line of an attempt's record as a person reads it; none for what only `edge-agent explain` is asked for: guards
/// and intents with their numbers.
pub(super) fn happened(line: &str) -> Option<String> {
    if line.starts_with("guard: ") || line.starts_with("intent ") {
        return None;
    }
    // `Starting -> Printing: FirstLineAcked: evidence`: the new state and the evidence.
    let Some((_before, change)) = line.split_once(" -> ") else { return Some(sentence(line)) };
    let (state, why) = change.split_once(": ").unwrap_or((change, ""));
    let (event, evidence) = match why.split_once("}: ") {
        Some(parts) if why.contains('{') => parts,
        _plain => why.split_once(": ").unwrap_or((why, "")),
    };
    let words = if evidence.is_empty() { event } else { evidence };
    Some(sentence(&format!("{state}: {words}")))
}

#[cfg(test)]
mod tests {
    use super::{Clock, SIGNS, happened, sentence, sign, span};

    #[test]
    fn durations_and_times_read_as_people_say_them() {
        for (seconds, words) in
            [(5, "5 s"), (89, "89 s"), (90, "1 min"), (4_320, "1 h 12 min"), (165_600, "1 day 22 h")]
        {
            assert_eq!(span(seconds), words);
        }
        let clock = Clock { now_ms: 1_795_000_000_000, zone: jiff::tz::TimeZone::UTC };
        assert_eq!(clock.time(1_795_000_000_000), "11:06");
        assert_eq!(sentence("the bed is not clear"), "The bed is not clear.");
    }

    #[test]
    fn a_record_is_told_without_its_inner_names() {
        for (line, words) in [
            (
                "Starting -> Printing: FirstLineAcked: the first line was acknowledged",
                Some("Printing: the first line was acknowledged."),
            ),
            (
                "Printing -> Failed: Restarted { last_line_next: false }: the agent restarted",
                Some("Failed: the agent restarted."),
            ),
            ("Printing -> Unknown: EvidenceLost(Link): the port: gone", Some("Unknown: the port: gone.")),
            ("Mark said WholePlate: it is there", Some("Mark said WholePlate: it is there.")),
            ("guard: material: PLA", None),
            ("intent written; the bed counts as occupied from here on", None),
        ] {
            assert_eq!(happened(line).as_deref(), words, "{line}");
        }
    }

    #[test]
    fn a_word_without_a_row_is_shown_as_unknown() {
        assert_eq!(sign("Given back").word, "Unknown");
        for known in SIGNS {
            assert_eq!(sign(known.word), known);
            assert!(include_str!("../../../../ui/icons.svg").contains(&format!("id=\"{}\"", known.icon)));
        }
    }
}
