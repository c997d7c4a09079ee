//! Lengths on the grid on which plates are made, and shares between 0 and 1.
//!
//! Invariant: both are whole numbers, so that equal wishes are equal specifications on every machine.

use std::fmt;

const TENTHS_UM_PER_MM: i64 = 10_000;
/// Longest length that is read (10 m): far above every limit, far below where f64 loses tenths of a micrometre.
const MM_ABS_MAX: f64 = 10_000.0;
/// A decimal number such as 152.8 is not exact in binary: this far (in 0.1 µm) from a whole number it still is one.
const ROUNDING_MAX: f64 = 1e-3;

/// A length in whole tenths of a micrometre (1 mm = 10 000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Length(i64);

impl Length {
    /// From tenths of a micrometre.
    #[must_use]
    pub const fn from_tenths_um(tenths_um: i64) -> Self {
        Self(tenths_um)
    }

    /// From whole millimetres.
    #[must_use]
    pub const fn from_whole_mm(mm: i64) -> Self {
        Self(mm * TENTHS_UM_PER_MM)
    }

    /// From millimetres; `None` if not a number, longer than 10 m, or finer than 0.1 µm (4 decimals).
    #[must_use]
    pub fn from_mm(mm: f64) -> Option<Self> {
        whole(mm, TENTHS_UM_PER_MM).map(Self)
    }

    /// In tenths of a micrometre.
    #[must_use]
    pub const fn tenths_um(self) -> i64 {
        self.0
    }

    /// In millimetres.
    #[must_use]
    pub fn mm(self) -> f64 {
        self.0 as f64 / TENTHS_UM_PER_MM as f64
    }

    /// In millimetres if they are whole.
    #[must_use]
    pub const fn whole_mm(self) -> Option<i64> {
        if self.0 % TENTHS_UM_PER_MM == 0 { Some(self.0 / TENTHS_UM_PER_MM) } else { None }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mm())
    }
}

/// A share from 0 to 1 in whole ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(i64);

impl Share {
    /// One half.
    pub const HALF: Self = Self(TENTHS_UM_PER_MM / 2);
    /// The whole.
    pub const ONE: Self = Self(TENTHS_UM_PER_MM);

    /// From a number between 0 and 1 with at most 4 decimals; `None` for anything else.
    #[must_use]
    pub fn from_number(number: f64) -> Option<Self> {
        whole(number, TENTHS_UM_PER_MM).filter(|n| (0..=TENTHS_UM_PER_MM).contains(n)).map(Self)
    }

    /// As a number between 0 and 1.
    #[must_use]
    pub fn number(self) -> f64 {
        self.0 as f64 / TENTHS_UM_PER_MM as f64
    }

    /// In ten-thousandths, 0 … 10 000.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }
}

/// `value` × `unit` if that is a whole number but for the inexactness of binary fractions.
fn whole(value: f64, unit: i64) -> Option<i64> {
    if !value.is_finite() || value.abs() > MM_ABS_MAX {
        return None;
    }
    let scaled = value * unit as f64;
    let rounded = scaled.round();
    if (scaled - rounded).abs() > ROUNDING_MAX {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e8 by the checks above")]
    let whole = rounded as i64;
    Some(whole)
}
