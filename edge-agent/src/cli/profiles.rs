//! `edge-agent profiles …`

use std::path::PathBuf;

use firmware_profiles::{Control, Library, Material, Profile, Verified};

use super::{Failed, print_line};
use crate::{assemble, config::Config};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Profiles {
    /// List every printer model.
    List,
    /// Show one model.
    Show {
        /// `vendor/model`
        name: String,
    },
    /// Check a folder of own profiles.
    Check {
        /// The folder.
        dir: PathBuf,
    },
    /// Print what a profile file may hold, as a JSON schema.
    Schema,
}

pub(super) fn profiles(config: &Config, what: &Profiles) -> Result<(), Failed> {
    match what {
        Profiles::List => {
            for profile in library(config)?.profiles() {
                let [x, y] = profile.bed_mm;
                let words = format!(
                    "{:<24} {} {}, bed {x} × {y} mm, height {} mm",
                    profile.id.as_str(),
                    profile.vendor,
                    profile.model,
                    profile.height_mm
                );
                print_line(&words);
            }
            Ok(())
        }
        Profiles::Show { name } => {
            let library = library(config)?;
            print_line(&shown(profile(&library, name)?));
            Ok(())
        }
        Profiles::Check { dir } => match Library::with_overrides(dir) {
            Ok(all) => {
                print_line(&format!(
                    "{} models and {} materials, no faults",
                    all.profiles().count(),
                    all.materials().count()
                ));
                Ok(())
            }
            Err(faults) => Err(Failed::bad_input(faults.to_string())),
        },
        Profiles::Schema => {
            print_line(&Library::schema()?);
            Ok(())
        }
    }
}

/// A model as a person wants to read it.
fn shown(profile: &Profile) -> String {
    let [x, y] = profile.bed_mm;
    let ([x0, y0], [x1, y1]) = (profile.usable.min_mm, profile.usable.max_mm);
    let drive = match &profile.control {
        Control::Streamed(firmware) => {
            let resets = if profile.resets_on_open {
                "opening it resets the board"
            } else {
                "opening it resets nothing"
            };
            format!("{} over a serial port, {} baud; {resets}", firmware.title, profile.baud)
        }
        Control::PrinterOwned(dialect) => format!("{}; the printer owns its jobs", dialect.title),
        Control::PrinterOwnedHttp(dialect) => format!("{}; the printer owns its jobs", dialect.title),
    };
    let verified = match profile.verified {
        Verified::Simulated => "only with simulated printers: confirm the first start at the printer",
        Verified::Hardware => "on the real machine",
    };
    format!(
        "{}: {} {}\nprints      {x} × {y} × {} mm, plastic from {x0}, {y0} to {x1}, {y1}\nnozzle      {} µm, up to {} °C; bed up \
         to {} °C\nplates      {}\ndriven by   {drive}\nalone       {}\ntried       {verified}",
        profile.id,
        profile.vendor,
        profile.model,
        profile.height_mm,
        profile.nozzle_um,
        profile.nozzle_max_c,
        profile.bed_max_c,
        profile.plate_types.join(", "),
        if profile.can_print_alone {
            "can print without the agent"
        } else {
            "prints only what the agent sends"
        },
    )
}

/// The compiled-in profiles, with those below `data_dir/profiles` laid over them.
pub(super) fn library(config: &Config) -> Result<Library, Failed> {
    assemble::library(config).map_err(|faults| Failed::bad_input(faults.to_string()))
}

/// A model by its name.
pub(super) fn profile<'a>(library: &'a Library, name: &str) -> Result<&'a Profile, Failed> {
    let unknown = || {
        Failed::bad_input(format!("there is no printer model {name:?}; `edge-agent profiles list` names all"))
    };
    library.profile(name).ok_or_else(unknown)
}

/// A material by its name.
pub(super) fn material<'a>(library: &'a Library, name: &str) -> Result<&'a Material, Failed> {
    let known: Vec<_> = library.materials().map(|m| m.name.clone()).collect();
    let unknown =
        || Failed::bad_input(format!("there is no material {name:?}; known are {}", known.join(", ")));
    library.material(name).ok_or_else(unknown)
}
