//! Orders, fulfilment orders and fulfilments of the stand-in, and Shopify's rules between them. Knows no HTTP.

use std::collections::BTreeMap;

use serde_json::Value;

use super::oauth::Grants;
use super::subscriptions::Subscription;

/// Largest balance of the query bucket, in points (standard plan).
pub(super) const BUCKET_MAX: f64 = 2000.0;

/// The whole store.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) counters: Counters,
    pub(super) grants: Grants,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) bucket: Bucket,
    next_id: u64,
    pub(super) next_number: u64,
}

/// What happened, for tests.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub(super) struct Counters {
    pub(super) fulfil_calls_n: u64,
    pub(super) fulfil_done_n: u64,
    pub(super) fulfil_refused_n: u64,
    pub(super) webhooks_sent_n: u64,
    pub(super) webhooks_accepted_n: u64,
    pub(super) webhooks_lost_n: u64,
    pub(super) subscriptions_deleted_n: u64,
    pub(super) throttled_n: u64,
}

/// Shopify's leaky bucket for query cost.
#[derive(Debug)]
pub(super) struct Bucket {
    available: f64,
    restore_per_s: f64,
    at_ms: i64,
}

impl Bucket {
    /// Takes `cost` points; `Err` says how many are there.
    pub(super) fn take(&mut self, cost: f64, now_ms: i64) -> Result<f64, f64> {
        let passed_s = f64::from(i32::try_from(now_ms - self.at_ms).unwrap_or(i32::MAX)) / 1000.0;
        self.available = (self.available + passed_s * self.restore_per_s).min(BUCKET_MAX);
        self.at_ms = now_ms;
        if cost > self.available {
            return Err(self.available);
        }
        self.available -= cost;
        Ok(self.available)
    }

    pub(super) fn restore_per_s(&self) -> f64 {
        self.restore_per_s
    }
}

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) created_ms: i64,
    pub(super) updated_ms: i64,
    pub(super) cancelled_ms: Option<i64>,
    pub(super) test: bool,
    pub(super) edited: bool,
    pub(super) financial: String,
    pub(super) email: Option<String>,
    pub(super) note: Option<String>,
    pub(super) address: Option<Value>,
    pub(super) lines: Vec<Line>,
    pub(super) fulfilment_orders: Vec<FulfilmentOrder>,
    pub(super) fulfilments: Vec<Fulfilment>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) sku: Option<String>,
    pub(super) variant_id: Option<u64>,
    pub(super) product_id: Option<u64>,
    pub(super) quantity: u32,
    pub(super) current_quantity: u32,
    pub(super) price: String,
    pub(super) requires_shipping: bool,
    pub(super) gift_card: bool,
    pub(super) properties: Vec<(String, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoStatus {
    Open,
    InProgress,
    Closed,
    Cancelled,
}

impl FoStatus {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::InProgress => "IN_PROGRESS",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub(super) fn can_fulfil(self) -> bool {
        matches!(self, Self::Open | Self::InProgress)
    }
}

#[derive(Debug, Clone)]
pub(super) struct FulfilmentOrder {
    pub(super) id: u64,
    pub(super) status: FoStatus,
    pub(super) lines: Vec<FoLine>,
}

#[derive(Debug, Clone)]
pub(super) struct FoLine {
    pub(super) id: u64,
    pub(super) line: u64,
    pub(super) total: u32,
    pub(super) remaining: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Fulfilment {
    pub(super) id: u64,
    pub(super) cancelled: bool,
    pub(super) created_ms: i64,
    pub(super) notified: bool,
    pub(super) company: Option<String>,
    pub(super) number: Option<String>,
    pub(super) url: Option<String>,
    /// (own id, order line, quantity)
    pub(super) lines: Vec<(u64, u64, u32)>,
}

impl Shop {
    pub(super) fn new(id_base: u64, restore_per_s: f64) -> Self {
        Self {
            orders: BTreeMap::new(),
            counters: Counters::default(),
            grants: Grants::default(),
            subscriptions: Vec::new(),
            bucket: Bucket { available: BUCKET_MAX, restore_per_s, at_ms: now_ms() },
            next_id: id_base,
            next_number: 1001,
        }
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Gives every shippable line of the order one fulfilment order.
    pub(super) fn route(&mut self, order: &mut Order) {
        let id = self.id();
        let mut lines = Vec::new();
        for line in order.lines.iter().filter(|l| l.requires_shipping && l.current_quantity > 0) {
            let (total, remaining) = (line.current_quantity, line.current_quantity);
            lines.push(FoLine { id: self.id(), line: line.id, total, remaining });
        }
        order.fulfilment_orders.push(FulfilmentOrder { id, status: FoStatus::Open, lines });
    }
}

impl Order {
    /// Marks the order as changed now; later than before even within one millisecond.
    pub(super) fn touch(&mut self) {
        self.updated_ms = now_ms().max(self.updated_ms + 1);
    }

    /// Sets what is still wanted of a line, as an order edit does. False when the line is unknown.
    pub(super) fn set_quantity(&mut self, line: u64, wanted: u32) -> bool {
        let Some(found) = self.lines.iter_mut().find(|l| l.id == line) else {
            return false;
        };
        found.current_quantity = wanted;
        found.quantity = found.quantity.max(wanted);
        for fo in &mut self.fulfilment_orders {
            for fo_line in fo.lines.iter_mut().filter(|l| l.line == line) {
                let shipped = fo_line.total - fo_line.remaining;
                fo_line.total = wanted.max(shipped);
                fo_line.remaining = fo_line.total - shipped;
            }
        }
        self.edited = true;
        self.touch();
        true
    }

    pub(super) fn cancel(&mut self) {
        self.cancelled_ms = Some(now_ms());
        for fo in &mut self.fulfilment_orders {
            if fo.status.can_fulfil() {
                fo.status = FoStatus::Cancelled;
            }
        }
        self.lines.iter_mut().for_each(|line| line.current_quantity = 0);
        self.touch();
    }

    /// Fulfilments of the order beyond the first that is not cancelled and holds the same line.
    pub(super) fn duplicates_n(&self) -> usize {
        let alive: Vec<&Fulfilment> = self.fulfilments.iter().filter(|f| !f.cancelled).collect();
        let mut numbers: Vec<&str> = alive.iter().filter_map(|f| f.number.as_deref()).collect();
        numbers.sort_unstable();
        let all = numbers.len();
        numbers.dedup();
        (all - numbers.len()).max(alive.len().saturating_sub(1))
    }

    pub(super) fn shipped(&self, line: u64) -> u32 {
        let alive = self.fulfilments.iter().filter(|f| !f.cancelled);
        alive.flat_map(|f| &f.lines).filter(|(_, l, _)| *l == line).map(|(_, _, n)| *n).sum()
    }

    pub(super) fn fulfilment_word(&self) -> &'static str {
        let wanted: u32 = self.lines.iter().filter(|l| l.requires_shipping).map(|l| l.current_quantity).sum();
        let shipped: u32 = self.lines.iter().map(|l| self.shipped(l.id)).sum();
        match shipped {
            0 => "UNFULFILLED",
            n if n >= wanted => "FULFILLED",
            _ => "PARTIALLY_FULFILLED",
        }
    }
}

/// Wall time in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A time as Shopify writes it.
pub(super) fn stamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default()
}
