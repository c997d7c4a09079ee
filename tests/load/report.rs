//! Figures with their bounds, as a Markdown table.

use std::fmt;

/// What a figure must keep.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// At most this.
    Max(f64),
    /// At least this.
    Min(f64),
    /// Stated, not bounded.
    Stated,
}

#[derive(Debug)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    bound: Bound,
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Figure>);

impl Report {
    /// Adds a figure and shows it at once.
    pub(crate) fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str, bound: Bound) {
        let figure = Figure { what: what.into(), value, unit, bound };
        println!("{figure}");
        self.0.push(figure);
    }

    /// Whether every figure keeps its bound.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.0.iter().all(Figure::is_within)
    }
}

impl Figure {
    fn is_within(&self) -> bool {
        match self.bound {
            Bound::Max(most) => self.value <= most,
            Bound::Min(least) => self.value >= least,
            Bound::Stated => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.bound {
            Bound::Max(most) => format!("≤ {most}"),
            Bound::Min(least) => format!("≥ {least}"),
            Bound::Stated => "–".to_owned(),
        };
        let digits = if self.value.abs() >= 100.0 { 0 } else { 2 };
        let ends = if self.is_within() { "" } else { " **out of bound**" };
        write!(f, "| {} | {:.digits$} {} | {bound} |{ends}", self.what, self.value, self.unit)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | bound |\n|---|---|---|")?;
        self.0.iter().try_for_each(|figure| writeln!(f, "{figure}"))
    }
}

/// The middle one of some measurements, and the one at `share` of them in order.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a short list"
    )]
    let at = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}
