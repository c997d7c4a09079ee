//! States, times and amounts as the pages say them. Every state word here has its row in the design system's table;
//! no other state word reaches a template.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A state with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) word: &'static str,
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
}

const fn sign(word: &'static str, icon: &'static str, class: &'static str) -> Sign {
    Sign { word, icon, class }
}

/// All signs of orders, plates, printers and sites.
const SIGNS: [Sign; 25] = [
    sign("New", "s-queued", "c-off"),
    sign("On hold", "s-paused", "c-hold"),
    sign("Ready to ship", "s-ready", "c-ok"),
    sign("Shipped", "s-finished", "c-ok"),
    sign("Cancelled", "s-cancelled", "c-off"),
    sign("Queued", "s-queued", "c-off"),
    sign("Slicing", "s-slicing", "c-go"),
    sign("Waiting for printer", "s-waiting", "c-hold"),
    sign("Starting", "s-starting", "c-go"),
    sign("Printing", "s-printing", "c-go"),
    sign("Finished", "s-finished", "c-ok"),
    sign("Failed", "s-failed", "c-bad"),
    sign("Paused", "s-paused", "c-hold"),
    sign("Ready", "s-ready", "c-ok"),
    sign("Heating", "s-heating", "c-go"),
    sign("Needs clearing", "s-clearing", "c-clr"),
    sign("Attention", "s-attention", "c-bad"),
    sign("Offline", "s-offline", "c-off"),
    sign("Out of service", "s-oos", "c-off"),
    sign("Connected", "s-ready", "c-ok"),
    sign("Not connected", "s-offline", "c-off"),
    sign("Failing", "s-attention", "c-bad"),
    sign("Good", "s-finished", "c-ok"),
    sign("To do", "s-queued", "c-off"),
    UNKNOWN,
];

/// What nobody knows, also a word that this version does not know.
const UNKNOWN: Sign = sign("Unknown", "s-unknown", "c-unk");

/// The sign of a state word.
pub(super) fn of(word: &str) -> Sign {
    SIGNS.iter().find(|s| s.word == word).copied().unwrap_or(UNKNOWN)
}

/// The sign of a job that has no try yet, or is over.
pub(super) fn of_job(state: &str) -> Sign {
    of(match state {
        "Queued" | "Reserved" => "Queued",
        "Claimed" => "Waiting for printer",
        "Running" => "Printing",
        "NeedsSignOff" => "Needs clearing",
        "Good" => "Good",
        "Replaced" | "Failed" => "Failed",
        "Withdrawn" | "Cancelled" => "Cancelled",
        other => other,
    })
}

/// The sign of an entry of a timeline.
pub(super) fn of_milestone(kind: &str) -> Sign {
    of(match kind {
        "all_jobs_printing" => "Printing",
        "all_jobs_completed" | "fulfillment_created" | "flow_completed" => "Finished",
        "grid.mapping-ready" | "order_validated" => "Slicing",
        "shipping_label_created" => "Ready to ship",
        "flow_failed" | "grid.pipeline-failed" => "Failed",
        "hold_set" => "On hold",
        "order_cancelled" | "job_cancelled" => "Cancelled",
        _plain => "Queued",
    })
}

/// Clock and calendar of the pages.
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

    /// The same with the word for today.
    pub(super) fn due(&self, ms: i64) -> String {
        let is_today = self.at(ms).date() == self.at(self.now_ms).date();
        if is_today { format!("Today {}", self.time(ms)) } else { self.time(ms) }
    }

    /// With seconds, for logs and the foot of a page.
    pub(super) fn second(&self, ms: i64) -> String {
        self.at(ms).strftime("%H:%M:%S").to_string()
    }

    /// `in 1 day 22 h`, `2 h 5 min ago`.
    pub(super) fn distance(&self, ms: i64) -> String {
        let span = span(ms.abs_diff(self.now_ms) / 1000);
        if ms >= self.now_ms { format!("in {span}") } else { format!("{span} ago") }
    }

    /// Whether it is today.
    pub(super) fn is_today(&self, ms: i64) -> bool {
        self.at(ms).date() == self.at(self.now_ms).date()
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

/// Good, printing and to do as one bar; never without the words below it.
pub(super) fn seg(good: u32, printing: u32, all: u32) -> String {
    use std::fmt::Write as _;
    let share = |n: u32| if all == 0 { 0.0 } else { f64::from(n.min(all)) * 100.0 / f64::from(all) };
    let mut out = String::from(
        "<svg class=\"seg\" viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let (good, printing) = (share(good), share(good.saturating_add(printing)) - share(good));
    for (x, width, colour) in [(0.0, good, "ok-s"), (good, printing, "go-s")] {
        if width > 0.0 {
            let _infallible = write!(
                out,
                "<rect x=\"{x:.2}\" width=\"{width:.2}\" height=\"12\" style=\"fill:var(--{colour})\"/>"
            );
        }
    }
    // More lines than this would be a grey bar.
    for n in 1..all.min(40) {
        let x = share(n) - 0.4;
        let _infallible =
            write!(out, "<rect x=\"{x:.2}\" width=\".8\" height=\"12\" style=\"fill:var(--card)\"/>");
    }
    out + "</svg>"
}

/// `2 of 4 good, 1 printing`.
pub(super) fn parts(good: u32, printing: u32, all: u32) -> String {
    match (all, printing) {
        (0, _) => "nothing to print".into(),
        (_, 0) => format!("{good} of {all} good"),
        _both => format!("{good} of {all} good, {printing} printing"),
    }
}

/// Whole numbers with their noun.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

#[cfg(test)]
mod tests {
    use super::{Clock, of, parts, seg, span};

    #[test]
    fn durations_and_times_read_as_people_say_them() {
        for (seconds, words) in [
            (5, "5 s"),
            (89, "89 s"),
            (90, "1 min"),
            (4_320, "1 h 12 min"),
            (165_600, "1 day 22 h"),
            (900_000, "10 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
        let clock = Clock { now_ms: 1_795_000_000_000, zone: jiff::tz::TimeZone::UTC };
        assert_eq!(clock.due(1_795_000_000_000), "Today 11:06");
        assert_eq!(clock.distance(1_795_000_000_000 + 165_600_000), "in 1 day 22 h");
    }

    #[test]
    fn an_unknown_word_is_shown_as_unknown() {
        assert_eq!(of("Melting").word, "Unknown");
        assert_eq!(of("Printing").icon, "s-printing");
    }

    #[test]
    fn a_bar_has_its_words() {
        assert_eq!(parts(2, 1, 4), "2 of 4 good, 1 printing");
        assert!(seg(2, 1, 4).contains("width=\"50.00\"") && seg(0, 0, 0).ends_with("</svg>"));
    }
}
