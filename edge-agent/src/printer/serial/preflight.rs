//! Looks at a job's file before the first byte leaves: its hash, and every line that the printer would get.
//! The same open file is then read again for sending, so what was checked is what is sent.
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use firmware_profiles::Firmware;
use protocol::ids::Sha256;
use sha2::Digest as _;
use tokio::sync::mpsc;

use super::line::{LineFault, clean, command};

/// Faults told of one file; the rest is counted.
const FAULTS_TOLD_MAX: usize = 5;
/// Longest raw line that is read, comment included. Slicers write thumbnails in lines of 80.
const RAW_BYTES_MAX: usize = 64 * 1024;
/// Lines read ahead of the printer.
pub(crate) const AHEAD_LINES: usize = 512;

/// A file that may be sent.
#[derive(Debug)]
pub(crate) struct Checked {
    file: File,
    /// Lines that will be sent.
    pub(crate) lines_n: u64,
}

/// Why a file may not be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the G-code file cannot be read")]
    Read(#[source] io::Error),
    #[error("the G-code file is not the one that was checked: its hash is {found}, not {expected}")]
    Hash { found: Sha256, expected: Sha256 },
    #[error("the G-code file has nothing to send")]
    Empty,
    #[error("the printer cannot take the G-code: {}", .told.join("; "))]
    Lines { told: Vec<String> },
}

/// Reads the whole file. Slow: not for the task's own thread.
pub(crate) fn check(path: &Path, expected: Sha256, firmware: &Firmware) -> Result<Checked, Unfit> {
    let mut file = File::open(path).map_err(Unfit::Read)?;
    let mut hasher = sha2::Sha256::new();
    let (mut lines_n, mut faults_n, mut told) = (0_u64, 0_u64, Vec::new());
    let mut number = 0_u64;
    each_line(&file, |raw| {
        hasher.update(raw);
        number += 1;
        match fit(raw, firmware) {
            Ok(None) => {}
            Ok(Some(_)) => lines_n += 1,
            Err(fault) => {
                faults_n += 1;
                if told.len() < FAULTS_TOLD_MAX {
                    told.push(format!("line {number} {fault}"));
                }
            }
        }
        true
    })
    .map_err(Unfit::Read)?;
    let found = Sha256::from_digest(hasher.finalize().into());
    if found != expected {
        return Err(Unfit::Hash { found, expected });
    }
    if faults_n > 0 {
        let more = faults_n.saturating_sub(u64::try_from(told.len()).unwrap_or(u64::MAX));
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        return Err(Unfit::Lines { told });
    }
    if lines_n == 0 {
        return Err(Unfit::Empty);
    }
    file.seek(SeekFrom::Start(0)).map_err(Unfit::Read)?;
    Ok(Checked { file, lines_n })
}

/// A line as it will be sent, or what is wrong with it. Length is counted with the longest number and checksum.
fn fit(raw: &[u8], firmware: &Firmware) -> Result<Option<String>, LineFault> {
    let Some(text) = clean(raw)? else { return Ok(None) };
    let digits = usize::try_from(firmware.renumber_after.max(1).ilog10() + 1).unwrap_or(10);
    let bytes_n = text.len() + digits + 6;
    if bytes_n > firmware.line_bytes_max {
        return Err(LineFault::TooLong { bytes_n, bytes_max: firmware.line_bytes_max });
    }
    let command = command(&text);
    if firmware.forbidden.contains(&command) {
        return Err(LineFault::Forbidden(command));
    }
    Ok(Some(text))
}

impl Checked {
    /// Reads the file again and hands its lines over until it ends or nobody takes them. Slow: for a thread of its own.
    pub(crate) fn send(self, firmware: &Firmware, to: &mpsc::Sender<String>) -> io::Result<()> {
        each_line(&self.file, |raw| match fit(raw, firmware) {
            Ok(Some(text)) => to.blocking_send(text).is_ok(),
            Ok(None) => true,
            // The same bytes were fit a moment ago; stopping here leaves the job without its end, which is noticed.
            Err(_fault) => false,
        })
    }
}

/// Calls for each line with its line feed, until the file ends or the call says no.
fn each_line(file: &File, mut each: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut raw = Vec::new();
    loop {
        raw.clear();
        let limit = u64::try_from(RAW_BYTES_MAX).unwrap_or(u64::MAX);
        let got = io::Read::take(&mut reader, limit).read_until(b'\n', &mut raw)?;
        if got == 0 || !each(&raw) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use firmware_profiles::{Control, Library};

    use super::*;

    fn checked(text: &[u8], hash_of: &[u8]) -> Result<u64, String> {
        let library = Library::embedded().unwrap();
        let Control::Streamed(firmware) = &library.profile("creality/ender-3").unwrap().control else {
            unreachable!()
        };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let checked = check(file.path(), Sha256::of(hash_of), firmware).map_err(|error| error.to_string())?;
        let (to, mut from) = mpsc::channel(100);
        checked.send(firmware, &to).unwrap();
        drop(to);
        let mut sent = 0;
        while from.blocking_recv().is_some() {
            sent += 1;
        }
        Ok(sent)
    }

    #[test]
    fn files_are_fit_or_refused_before_the_first_byte() {
        let long = format!("G1 X1\nM117 {}\n", "x".repeat(90));
        let table: [(&[u8], Result<u64, &str>); 9] = [
            (b"G28\nG1 X1 ; go\n\n; comment\nM84", Ok(3)),
            (b"G28\r\nG1 X1\r\n", Ok(2)),
            (b"", Err("the G-code file has nothing to send")),
            (b"; only words\n", Err("the G-code file has nothing to send")),
            (
                long.as_bytes(),
                Err(
                    "the printer cannot take the G-code: line 2 has 107 bytes on the wire, the printer takes 95",
                ),
            ),
            (
                b"G28\nM112\n",
                Err(
                    "the printer cannot take the G-code: line 2 has the command M112, which a job may not contain",
                ),
            ),
            (
                b"G28\nM600\nM0\n",
                Err(
                    "the printer cannot take the G-code: line 2 has the command M600, which a job may not contain; \
                     line 3 has the command M0, which a job may not contain",
                ),
            ),
            (
                b"M117 gr\xc3\xbcn\n",
                Err("the printer cannot take the G-code: line 1 has characters other than printable ASCII"),
            ),
            (
                b"M0\nM0\nM0\nM0\nM0\nM0\nM0\n",
                Err(
                    "the printer cannot take the G-code: line 1 has the command M0, which a job may not contain; \
                     line 2 has the command M0, which a job may not contain; line 3 has the command M0, which a job \
                     may not contain; line 4 has the command M0, which a job may not contain; line 5 has the command \
                     M0, which a job may not contain; and 2 more",
                ),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(
                checked(text, text),
                expected.map_err(str::to_owned),
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
        let other = checked(b"G28\n", b"G29\n").unwrap_err();
        assert!(other.starts_with("the G-code file is not the one that was checked"), "{other}");
    }
}
