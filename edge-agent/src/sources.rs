//! The only place that makes ids, keys and random numbers.

use protocol::{
    ids::{Incarnation, JobId},
    units::WallMs,
};

/// The operating system has no randomness: nothing that needs an id can go on.
#[derive(Debug, thiserror::Error)]
#[error("the system's random source does not answer")]
pub struct NoRandomness(#[source] getrandom::Error);

/// Fills `N` bytes from the system's random source.
///
/// # Errors
/// [`NoRandomness`].
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A new life of a database.
///
/// # Errors
/// [`NoRandomness`].
pub fn incarnation() -> Result<Incarnation, NoRandomness> {
    Ok(Incarnation::new(u128::from_be_bytes(random()?)))
}

/// A new job, ordered by `now`.
///
/// # Errors
/// [`NoRandomness`].
pub fn job(now: WallMs) -> Result<JobId, NoRandomness> {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>()?).into_uuid();
    Ok(JobId::from_uuid(id).expect("the builder sets version 7 by definition"))
}

/// A secret for a browser or device: 32 random bytes as hexadecimal digits.
///
/// # Errors
/// [`NoRandomness`].
pub fn token() -> Result<String, NoRandomness> {
    Ok(hex::encode(random::<32>()?))
}

/// A one-time code that is easy to type: eight of 32 letters and digits without look-alikes, `KX4T-9WMB`.
///
/// # Errors
/// [`NoRandomness`].
pub fn one_time_code() -> Result<String, NoRandomness> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut code = String::with_capacity(9);
    for (at, byte) in random::<8>()?.into_iter().enumerate() {
        if at == 4 {
            code.push('-');
        }
        code.extend(LETTERS.get(usize::from(byte % 32)).map(|b| char::from(*b)));
    }
    Ok(code)
}
