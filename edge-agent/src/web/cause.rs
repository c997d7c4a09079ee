//! Causes of an occupied bed as forms and JSON carry them: `attempt:INCARNATION/N`, `unobserved`, `foreign-print`,
//! `new-printer`, `restore`.

use protocol::bed::Cause;

use super::problem::Problem;

/// The text of a cause.
#[must_use]
pub fn text(cause: Cause) -> String {
    match cause {
        Cause::Attempt(no) => format!("attempt:{no}"),
        Cause::Unobserved => "unobserved".into(),
        Cause::ForeignPrint => "foreign-print".into(),
        Cause::NewPrinter => "new-printer".into(),
        Cause::Restore => "restore".into(),
    }
}

/// The cause of a text.
///
/// # Errors
/// [`Problem`] naming what would be right.
pub fn parse(text: &str) -> Result<Cause, Problem> {
    let fault = || {
        let right = "attempt:INCARNATION/N, unobserved, foreign-print, new-printer or restore";
        Problem::bad_input(format!("cause: expected {right}, found {text:?}."))
    };
    match text {
        "unobserved" => Ok(Cause::Unobserved),
        "foreign-print" => Ok(Cause::ForeignPrint),
        "new-printer" => Ok(Cause::NewPrinter),
        "restore" => Ok(Cause::Restore),
        other => {
            let no = other.strip_prefix("attempt:").and_then(|no| no.parse().ok());
            no.map(Cause::Attempt).ok_or_else(fault)
        }
    }
}
