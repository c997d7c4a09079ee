//! `edge-agent profiles …`

use std::path::PathBuf;

use firmware_profiles::{Library, Material, Profile};

use super::{Failed, print_line};

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
}

pub(super) fn profiles(what: &Profiles) -> Result<(), Failed> {
    match what {
        Profiles::List => {
            for profile in library()?.profiles() {
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
            let library = library()?;
            print_line(&format!("{:#?}", profile(&library, name)?));
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
    }
}

/// The compiled-in profiles.
pub(super) fn library() -> Result<Library, Failed> {
    Ok(Library::embedded()?)
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
