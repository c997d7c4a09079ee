//! `edge-agent check-config`: everything that `run` does before it opens a port.

use super::{Failed, print_line, profiles};
use crate::config::{Config, Connection};

pub(super) fn check(config: &Config) -> Result<(), Failed> {
    let library = profiles::library(config)?;
    let mut faults = Vec::new();
    for printer in &config.printers {
        if library.profile(&printer.profile).is_none() {
            let (id, name) = (&printer.id, &printer.profile);
            faults.push(format!(
                "printer {id}: profile: expected a known model (`edge-agent profiles list`), found {name:?}"
            ));
        }
        if let Connection::Mqtt { access_code_file, .. } = &printer.connection
            && !access_code_file.is_file()
        {
            let (id, file) = (&printer.id, access_code_file.display());
            faults.push(format!(
                "printer {id}: connection.access_code_file: expected a file, found nothing at {file}"
            ));
        }
    }
    for printer in &config.printers {
        if let Connection::Http { password_file: Some(file), .. } = &printer.connection
            && !file.is_file()
        {
            let (id, file) = (&printer.id, file.display());
            faults.push(format!(
                "printer {id}: connection.password_file: expected a file, found nothing at {file}"
            ));
        }
    }
    if faults.is_empty() {
        print_line(&format!("settings are good: {} printers", config.printers.len()));
        Ok(())
    } else {
        Err(Failed::bad_input(faults.join("\n")))
    }
}
