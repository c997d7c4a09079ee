//! `edge-agent slice`: one model through the sandboxed slicer and the gate.

use std::path::Path;

use super::{Failed, print_line, profiles, this_program};
use crate::{
    config::Config,
    files,
    pipeline::{StageError, engine::Engine, slice_model},
    sandbox,
};

pub(super) fn slice(
    config: &Config,
    model: &Path,
    (profile, material): (&str, &str),
    out: &Path,
) -> Result<(), Failed> {
    let library = profiles::library(config)?;
    let (profile, material) =
        (profiles::profile(&library, profile)?, profiles::material(&library, material)?);
    if !model.is_file() {
        return Err(Failed::bad_input(format!("{} is not a file", model.display())));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let agent = this_program()?;
    runtime.block_on(async {
        let cage = sandbox::choose(config.slicer.sandbox, &agent).await?;
        let engine = Engine::find(&config.slicer, cage, agent).await.map_err(words)?;
        let (gcode, known) = slice_model(&engine, model, profile, material).await.map_err(words)?;
        files::write_atomic(out, &gcode, false)?;
        let (minutes, grams) = (known.time_s / 60, known.mass_g);
        print_line(&format!("{}: {} layers, {minutes} min, {grams:.1} g", out.display(), known.layers));
        Ok(())
    })
}

fn words(error: StageError) -> Failed {
    if error.is_final() { Failed::not_possible(error.to_string()) } else { Failed::from(error) }
}
