//! `edge-agent support-bundle`: what somebody who helps needs to see, in one file. No secret is in it: settings name files of
//! secrets and never hold one, devices and codes are left out.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{Failed, doctor, print_line, run::install_crypto};
use crate::{
    config::Config,
    control::{self, Ask},
};

/// Largest recording of a printer's session that is taken, bytes.
const FILE_BYTES_MAX: u64 = 8_000_000;
/// Recordings that are taken.
const FILES_MAX: usize = 200;

pub(super) fn bundle(config: &Config, out: &Path) -> Result<(), Failed> {
    install_crypto();
    let file = File::create_new(out)
        .map_err(|e| Failed::bad_input(format!("--out: cannot make {}: {e}", out.display())))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = runtime.block_on(doctor::look(config))?;
    let record = runtime.block_on(control::ask(&config.site.data_dir, Ask::Record));
    let mut zip = ZipWriter::new(file);
    let doctor = lines.iter().map(doctor::text).collect::<Vec<_>>().join("\n");
    add(&mut zip, "about.txt", about().as_bytes())?;
    add(&mut zip, "doctor.txt", doctor.as_bytes())?;
    add(&mut zip, "settings.txt", format!("{config:#?}\n").as_bytes())?;
    add(&mut zip, "record.txt", record.unwrap_or_else(|e| format!("not readable: {e}\n")).as_bytes())?;
    let transcripts = transcripts(&mut zip, &config.site.data_dir.join("transcripts"))?;
    zip.finish()?.sync_all()?;
    print_line(&format!(
        "wrote {}: settings, health, jobs, prints and beds, {transcripts} recorded sessions. The log is added by hand: journalctl -u edge-agent",
        out.display()
    ));
    Ok(())
}

fn about() -> String {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let model = std::fs::read_to_string("/proc/device-tree/model").unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!("edge-agent {version} on {}\n{}\n{system}", std::env::consts::ARCH, model.trim_end_matches('\0'))
}

fn add(zip: &mut ZipWriter<File>, name: &str, bytes: &[u8]) -> Result<(), Failed> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file(name, options)?;
    zip.write_all(bytes)?;
    Ok(())
}

/// Recorded sessions with printers, where there are any.
fn transcripts(zip: &mut ZipWriter<File>, folder: &Path) -> Result<usize, Failed> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(0) };
    let mut taken = 0;
    for entry in entries.take(FILES_MAX) {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let mut bytes = Vec::new();
            File::open(entry.path())?.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
            add(zip, &format!("transcripts/{}", entry.file_name().to_string_lossy()), &bytes)?;
            taken += 1;
        }
    }
    Ok(taken)
}
