//! The only place that makes ids and random bytes.

use protocol::ids::{AgentId, JobId, LineId, OrderId, ShopId, SiteId, TenantId};
use protocol::units::WallMs;
use sha2::{Digest as _, Sha256};

/// Letters of codes that people type: none that looks like another.
const CODE_LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
/// Letters of a code; 30^10 is more than 10^14.
const CODE_LEN: usize = 10;

/// `bytes` of randomness from the system.
///
/// # Panics
/// When the system has no randomness: nothing here can go on safely then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    getrandom::fill(&mut out).expect("the system has a source of randomness");
    out
}

/// 32 random bytes as 64 hexadecimal digits.
#[must_use]
pub fn token() -> String {
    hex::encode(random::<32>())
}

/// A one-time code for people, in two groups: `KQ7M2-9XPRT`.
#[must_use]
pub fn code() -> String {
    let mut out = String::new();
    while out.len() <= CODE_LEN {
        if out.len() == CODE_LEN / 2 {
            out.push('-');
        }
        let [byte] = random::<1>();
        // Values beyond the last full round would make some letters more frequent.
        let round = 256 - 256 % CODE_LETTERS.len();
        let letter =
            CODE_LETTERS.get(usize::from(byte) % CODE_LETTERS.len()).filter(|_| usize::from(byte) < round);
        if let Some(letter) = letter {
            out.push(char::from(*letter));
        }
    }
    out
}

#[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
fn v7() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

macro_rules! makers {
    ($($(#[$doc:meta])* $name:ident -> $id:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// Never: version 7 is what the id wants.
        #[must_use]
        pub fn $name() -> $id {
            $id::from_uuid(v7()).expect("made as version 7")
        }
    )*};
}

makers! {
    /// A new agent id.
    agent -> AgentId;
    /// A new job id.
    job -> JobId;
    /// A new line id.
    line -> LineId;
    /// A new shop id.
    shop -> ShopId;
    /// A new site id.
    site -> SiteId;
    /// A new tenant id.
    tenant -> TenantId;
}

/// The id of a shop's order: the same whenever it is read for the first time, so that prints, labels and fulfilments
/// that a restored database forgot keep their names. Ordered by the time at which the order was placed.
///
/// # Panics
/// Never: version 7 is what the id wants.
#[must_use]
pub fn order(shop: ShopId, shop_order_id: &str, placed: WallMs) -> OrderId {
    let hash = Sha256::digest(format!("{shop} {shop_order_id}"));
    let (mut rest, ms) = ([0; 10], u64::try_from(placed.0).unwrap_or(0));
    rest.copy_from_slice(hash.get(..10).unwrap_or(&[0; 10]));
    let id = uuid::Builder::from_unix_timestamp_millis(ms, &rest).into_uuid();
    OrderId::from_uuid(id).expect("made as version 7")
}

/// A new id for a row that nobody else names: users, outbox rows, shipments.
#[must_use]
pub fn row() -> String {
    v7().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_is_two_groups_of_readable_letters() {
        for _ in 0..50 {
            let code = super::code();
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
        }
    }
}
