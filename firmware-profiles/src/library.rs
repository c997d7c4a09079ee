//! All profiles together: the only door through which the rest of the system gets one.
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Faults;
use crate::files::{self, Files};
use crate::firmware::{Firmware, id_of};
use crate::material::{self, Material};
use crate::printer::{self, Parts, Profile, ProfileId};
use crate::read::Sink;
use crate::{dialect, firmware, slicer};

/// Every printer model and material that this agent knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    profiles: BTreeMap<ProfileId, Profile>,
    materials: BTreeMap<String, Material>,
    firmwares: BTreeMap<String, Firmware>,
}

impl Library {
    /// The compiled-in profiles.
    ///
    /// # Errors
    /// [`Faults`] when the compiled-in data is unsound, which a test rules out.
    pub fn embedded() -> Result<Self, Faults> {
        Self::build(&files::embedded(), &mut Sink::default())
    }

    /// The compiled-in profiles with an owner's directory laid over them: a file with the same path below `dir`
    /// replaces the compiled-in one as a whole, other files are added.
    ///
    /// # Errors
    /// [`Faults`]: everything that is wrong in any file, with file and line.
    pub fn with_overrides(dir: &Path) -> Result<Self, Faults> {
        let mut sink = Sink::default();
        let mut all = files::embedded();
        files::overlay(&mut all, dir, &mut sink.faults);
        Self::build(&all, &mut sink)
    }

    fn build(files: &Files, sink: &mut Sink) -> Result<Self, Faults> {
        let named = |folder: &str| -> Vec<(String, String)> {
            let prefix = format!("{folder}/");
            let toml = |path: &str| {
                path.starts_with(&prefix) && Path::new(path).extension().is_some_and(|e| e == "toml")
            };
            files
                .iter()
                .filter(|(path, _)| toml(path))
                .map(|(path, text)| (path.clone(), text.clone()))
                .collect()
        };
        let firmware: BTreeMap<_, _> = named("firmware")
            .iter()
            .filter_map(|(file, text)| firmware::read(file, text, sink))
            .map(|firmware| (firmware.id.clone(), firmware))
            .collect();
        let dialect: BTreeMap<_, _> = named("dialect")
            .iter()
            .filter_map(|(file, text)| Some((id_of(file), dialect::read(file, text, sink)?)))
            .collect();
        let parts = Parts { firmware: &firmware, dialect: &dialect, files };
        let mut profiles = BTreeMap::new();
        for (file, text) in named("printer") {
            let Some(profile) = printer::read(&file, &text, &parts, sink) else {
                continue;
            };
            slicer::check(&profile.0, &profile.1, &mut sink.faults);
            profiles.insert(profile.0.id.clone(), profile.0);
        }
        let materials = match files.get("materials.toml") {
            Some(text) => material::read("materials.toml", text, sink),
            None => Vec::new(),
        };
        sink.faults.sort();
        sink.faults.dedup();
        if !sink.faults.is_empty() {
            return Err(Faults(std::mem::take(&mut sink.faults)));
        }
        let materials = materials.into_iter().map(|material| (material.name.clone(), material)).collect();
        Ok(Self { profiles, materials, firmwares: firmware })
    }

    /// What a profile file may hold, as a JSON schema: `$defs` has one entry for each kind of file.
    ///
    /// # Errors
    /// [`Faults`] when the compiled-in data is unsound, which a test rules out.
    pub fn schema() -> Result<String, Faults> {
        let mut sink = Sink::default();
        Self::build(&files::embedded(), &mut sink)?;
        Ok(sink.shape.json())
    }

    /// A firmware by its name, such as `marlin2`.
    #[must_use]
    pub fn firmware(&self, id: &str) -> Option<&Firmware> {
        self.firmwares.get(id)
    }

    /// Every firmware, by name.
    pub fn firmwares(&self) -> impl Iterator<Item = &Firmware> {
        self.firmwares.values()
    }

    /// A printer model by its name.
    #[must_use]
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.get(&ProfileId::parse(id)?)
    }

    /// Every printer model, by name.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// A material by its name, such as `PLA`.
    #[must_use]
    pub fn material(&self, name: &str) -> Option<&Material> {
        self.materials.get(name)
    }

    /// Every material, by name.
    pub fn materials(&self) -> impl Iterator<Item = &Material> {
        self.materials.values()
    }
}
