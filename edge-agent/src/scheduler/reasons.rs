//! Why a job is not printing, in words that name the printer's side and the missing thing.

use protocol::{bed::Cause, sync::right::NoRight};

/// One reason why a job does not start on a printer now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The job is not prepared yet.
    NotReady(&'static str),
    /// An operator holds it.
    Held,
    /// The hub wants it held.
    HubPauses,
    /// An operator wants another printer.
    WantsOtherPrinter(String),
    /// The job names other printer classes.
    WrongClass,
    /// The printer lacks a tag.
    MissingTag(String),
    /// The plate is larger than what the printer can print.
    TooLarge {
        /// Millimetres wanted.
        plate_mm: [u32; 2],
        /// Millimetres that may bear plastic.
        usable_mm: [u32; 2],
    },
    /// Another nozzle is needed.
    WrongNozzle {
        /// Wanted, micrometres.
        wanted_um: u32,
        /// There, micrometres.
        there_um: u32,
    },
    /// Nobody has said what is loaded.
    NothingLoaded,
    /// Another material is loaded.
    WrongMaterial {
        /// Wanted.
        wanted: String,
        /// Loaded.
        loaded: String,
    },
    /// Another colour is loaded.
    WrongColor {
        /// Wanted.
        wanted: String,
        /// Loaded.
        loaded: String,
    },
    /// No G-code for this class and material yet.
    NotSliced,
    /// The printer is not there, or says nothing new.
    NoNews,
    /// The port waits for a person after a crash.
    PortClosed,
    /// The printer does something else.
    Busy(String),
    /// The bed is not known to be clear.
    BedNotClear(Cause),
    /// Out of service, with the operator's words.
    OutOfService(String),
    /// A profile that was only simulated, and nobody has confirmed this model here.
    NotConfirmed(String),
    /// No right to start.
    NoRight(NoRight),
    /// The event log is full.
    LogFull,
    /// Too little free disk.
    DiskFull,
    /// The artifact is missing or damaged.
    ArtifactGone,
    /// The time set by the job has passed.
    TooLate,
}

impl Reason {
    /// The words for a page, after the printer's name: "Ender 1: …".
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotReady(state) => format!("it is still {state}"),
            Self::Held => "it is held here".into(),
            Self::HubPauses => "the owner holds it on the hub".into(),
            Self::WantsOtherPrinter(printer) => format!("it was moved to {printer}"),
            Self::WrongClass => "it is made for another kind of printer".into(),
            Self::MissingTag(tag) => format!("the printer is not tagged {tag:?}"),
            Self::TooLarge { plate_mm: [px, py], usable_mm: [ux, uy] } => {
                format!("the plate is {px} × {py} mm and only {ux} × {uy} mm can be printed there")
            }
            Self::WrongNozzle { wanted_um, there_um } => {
                format!("it needs a {} mm nozzle, not {} mm", hundredths(*wanted_um), hundredths(*there_um))
            }
            Self::NothingLoaded => "nobody has said which material is loaded".into(),
            Self::WrongMaterial { wanted, loaded } => format!("load {wanted} (now {loaded})"),
            Self::WrongColor { wanted, loaded } => format!("load {wanted} (now {loaded})"),
            Self::NotSliced => "its G-code for this printer is not ready yet".into(),
            Self::NoNews => "the printer is not connected".into(),
            Self::PortClosed => "opening its port would reset it: decide its last print first".into(),
            Self::Busy(what) => format!("the printer is busy: {what}"),
            Self::BedNotClear(cause) => bed_words(*cause).into(),
            Self::OutOfService(why) => format!("out of service: {why}"),
            Self::NotConfirmed(profile) => format!("confirm once that {profile} is right for this machine"),
            Self::NoRight(why) => why.to_string(),
            Self::LogFull => "the event log is full: the hub must take some events first".into(),
            Self::DiskFull => "the disk is nearly full: nothing new is started".into(),
            Self::ArtifactGone => "its G-code is damaged and is being made again".into(),
            Self::TooLate => "its time to start has passed".into(),
        }
    }

    /// Whether a person must do something; otherwise it solves itself.
    #[must_use]
    pub const fn needs_a_person(&self) -> bool {
        match self {
            Self::NotReady(_) | Self::NotSliced | Self::Busy(_) | Self::ArtifactGone | Self::LogFull => false,
            Self::Held
            | Self::HubPauses
            | Self::WantsOtherPrinter(_)
            | Self::WrongClass
            | Self::MissingTag(_)
            | Self::TooLarge { .. }
            | Self::WrongNozzle { .. }
            | Self::NothingLoaded
            | Self::WrongMaterial { .. }
            | Self::WrongColor { .. }
            | Self::NoNews
            | Self::PortClosed
            | Self::BedNotClear(_)
            | Self::OutOfService(_)
            | Self::NotConfirmed(_)
            | Self::NoRight(_)
            | Self::DiskFull
            | Self::TooLate => true,
        }
    }
}

/// Micrometres as millimetres with two decimals.
fn hundredths(um: u32) -> String {
    format!("{}.{:02}", um / 1000, um % 1000 / 10)
}

/// Why a bed is not known to be clear.
#[must_use]
pub const fn bed_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Attempt(_) => "its bed is not cleared yet",
        Cause::Unobserved => "it was out of sight: somebody must look at the bed",
        Cause::ForeignPrint => "something that is not ours was printed there: clear the bed",
        Cause::NewPrinter => "the printer is new: say that its bed is clear",
        Cause::Restore => "the database was restored: say that its bed is clear",
    }
}
