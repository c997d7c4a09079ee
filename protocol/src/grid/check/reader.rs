//! Reads single values within their limits and collects what is wrong with them.

use crate::grid::{GridParams, Length, PerSide, Share, SpecFault};
use std::fmt;

/// Names of the sides as they stand in messages.
const SIDES: [&str; 4] = ["north", "east", "south", "west"];

/// Parameters, each as given or as it is by default.
pub(super) struct Filled<'a> {
    pub(super) given: &'a GridParams,
    pub(super) default: GridParams,
}

impl Filled<'_> {
    /// The given value or the default. The last resort is never used: every parameter has a default (tested).
    pub(super) fn get<T: Clone + Default>(&self, field: impl Fn(&GridParams) -> &Option<T>) -> T {
        field(self.given).clone().or_else(|| field(&self.default).clone()).unwrap_or_default()
    }
}

/// Collects faults.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: Vec<SpecFault>,
}

impl Reader {
    /// Notes a fault, one per field: another value stands in for a faulty one, and what follows from that is nobody's fault.
    pub(super) fn fault(&mut self, field: &str, value: impl fmt::Display, wanted: impl Into<String>) {
        if self.faults.iter().all(|known| known.field != field) {
            self.faults.push(SpecFault::new(field, value, wanted));
        }
    }

    /// A length within the limits of its parameter; the smallest one stands in for a faulty value.
    pub(super) fn length(&mut self, field: &str, mm: f64) -> Length {
        let [min, max] = GridParams::range(field);
        self.length_within(field, mm, [min, max])
    }

    pub(super) fn length_within(&mut self, field: &str, mm: f64, [min, max]: [f64; 2]) -> Length {
        let good = Length::from_mm(mm).filter(|_| (min..=max).contains(&mm));
        good.unwrap_or_else(|| {
            let wanted = format!("a length from {min} to {max} mm with at most 4 decimals is wanted");
            self.fault(field, mm, wanted);
            Length::from_mm(min).unwrap_or_default()
        })
    }

    pub(super) fn pair(&mut self, field: &str, [a, b]: [f64; 2]) -> [Length; 2] {
        [self.length(&format!("{field}[0]"), a), self.length(&format!("{field}[1]"), b)]
    }

    /// One length per side, in the order north, east, south, west.
    pub(super) fn sides(&mut self, field: &str, mm: [f64; 4]) -> PerSide<Length> {
        let mut lengths = [Length::default(); 4];
        for ((length, mm), side) in lengths.iter_mut().zip(mm).zip(SIDES) {
            *length = self.length(&format!("{field} ({side})"), mm);
        }
        PerSide::of(lengths)
    }

    /// One length per corner, in the order south-west, north-west, north-east, south-east.
    pub(super) fn corners(&mut self, field: &str, mm: [f64; 4]) -> [Length; 4] {
        let mut lengths = [Length::default(); 4];
        for ((index, length), mm) in lengths.iter_mut().enumerate().zip(mm) {
            *length = self.length(&format!("{field}[{index}]"), mm);
        }
        lengths
    }

    pub(super) fn whole(&mut self, field: &str, value: i64) -> i64 {
        let [min, max] = GridParams::range(field);
        #[expect(clippy::cast_possible_truncation, reason = "limits of counts are small whole numbers")]
        let (min, max) = (min as i64, max as i64);
        if !(min..=max).contains(&value) {
            self.fault(field, value, format!("a whole number from {min} to {max} is wanted"));
        }
        value.clamp(min, max)
    }

    pub(super) fn share(&mut self, field: &str, value: f64) -> Share {
        Share::from_number(value).unwrap_or_else(|| {
            self.fault(field, value, "a number from 0 to 1 with at most 4 decimals is wanted");
            Share::HALF
        })
    }
}
