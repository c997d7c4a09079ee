//! The output of strace as steps on files: `PID call(FD<PATH>, …) = RESULT`, strings as `\xHH`, calls of several threads
//! interleaved as `<unfinished ...>` and `<... call resumed>`.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::disk::Step;

/// The calls that move bytes, and the longest string shown, bytes: larger than any page or answer.
const CALLS: &str = "lseek,write,pwrite64,writev,sendto,sendmsg,ftruncate,fsync,fdatasync";
const STRING_BYTES_MAX: &str = "1000000";

/// The command that records what follows it into `file`.
#[must_use]
pub fn wrapper(file: &str) -> Vec<String> {
    let calls = format!("trace={CALLS}");
    [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-xx",
        "-s",
        STRING_BYTES_MAX,
        "-e",
        "signal=none",
        "-e",
        &calls,
        "-o",
        file,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A call with its arguments as written.
struct Call<'a> {
    name: &'a str,
    fd: &'a str,
    path: String,
    rest: &'a str,
}

/// All steps of a recording, in order. A write counts when it begins, a sync when it has returned.
///
/// # Errors
/// Names the line that is not understood.
pub fn steps(text: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut unfinished: BTreeMap<&str, &str> = BTreeMap::new();
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines() {
        let (pid, what) = line.trim_start().split_once(' ').with_context(|| format!("line {line:.80}"))?;
        let what = what.trim_start();
        if what.starts_with("<...") {
            if let Some(begun) = unfinished.remove(pid) {
                finish(begun, what, &mut steps, &mut positions);
            }
            continue;
        }
        if let Some(begun) = what.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, begun);
            begin(begun, &mut steps, &mut positions).with_context(|| format!("line {line:.120}"))?;
        } else if what.contains('(') {
            begin(what, &mut steps, &mut positions).with_context(|| format!("line {line:.120}"))?;
            finish(what, what, &mut steps, &mut positions);
        }
    }
    Ok(steps)
}

fn call(text: &str) -> Option<Call<'_>> {
    let (name, arguments) = text.split_once('(')?;
    let (fd, rest) = arguments.split_once('<')?;
    let (path, rest) = rest.split_once('>')?;
    // `-xx` writes paths in hexadecimal, too.
    let path = match hex::decode(path.replace("\\x", "")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_plain) => path.to_owned(),
    };
    Some(Call { name, fd, path, rest: rest.trim_start_matches([',', ' ']) })
}

/// What counts from the moment of the call: bytes on their way.
fn begin(text: &str, steps: &mut Vec<Step>, positions: &mut BTreeMap<String, usize>) -> anyhow::Result<()> {
    let Some(Call { name, fd, path, rest }) = call(text) else { return Ok(()) };
    let is_file = path.starts_with('/') && !path.starts_with("/dev/");
    match name {
        "write" | "pwrite64" if is_file => {
            let bytes = strings(rest)?;
            let key = format!("{fd}<{path}");
            let offset = if name == "write" {
                *positions.get(&key).unwrap_or(&0)
            } else {
                rest.rsplit(", ").next().map(number).context("the offset")?.context("the offset")?
            };
            positions.insert(key, offset + bytes.len());
            steps.push(Step::Write { file: path, offset, bytes });
        }
        "write" | "writev" | "sendto" | "sendmsg" if !is_file => {
            steps.push(Step::Said { to: path, bytes: strings(rest)? });
        }
        "ftruncate" if is_file => {
            let length = number(rest).context("the length")?;
            steps.push(Step::Truncate { file: path, length });
        }
        _ => {}
    }
    Ok(())
}

/// What counts only when the call has returned: a sync, a new position.
fn finish(begun: &str, ended: &str, steps: &mut Vec<Step>, positions: &mut BTreeMap<String, usize>) {
    let Some(Call { name, fd, path, .. }) = call(begun) else { return };
    let Some(result) = ended.rsplit(" = ").next().and_then(number) else { return };
    match name {
        "fsync" | "fdatasync" => steps.push(Step::Sync { file: path }),
        "lseek" => drop(positions.insert(format!("{fd}<{path}"), result)),
        _ => {}
    }
}

/// The digits at the start.
fn number(text: &str) -> Option<usize> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Every quoted string of an argument list, one after the other.
fn strings(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for quoted in text.split('"').skip(1).step_by(2) {
        bytes.extend(hex::decode(quoted.replace("\\x", "")).context("a string in hexadecimal")?);
    }
    anyhow::ensure!(!text.contains("\"..."), "a string was cut: raise STRING_BYTES_MAX");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Step, steps};

    #[test]
    fn interleaved_calls_come_in_the_order_in_which_they_count() {
        let text = "7 lseek(5</d/a.db-wal>, 32, SEEK_SET) = 32\n\
            7 write(5</d/a.db-wal>, \"\\x01\\x02\", 2) = 2\n\
            7 fdatasync(5<\\x2f\\x64\\x2f\\x61\\x2e\\x64\\x62\\x2d\\x77\\x61\\x6c> <unfinished ...>\n\
            8 writev(9<socket:[12]>, [{iov_base=\"\\x41\", iov_len=1}, {iov_base=\"\\x42\", iov_len=1}], 2) = 2\n\
            7 <... fdatasync resumed>) = 0\n\
            7 pwrite64(5</d/a.db>, \"\\x03\", 1, 4096) = 1\n\
            7 ftruncate(5</d/a.db-wal>, 0) = 0\n\
            7 fsync(5</d/a.db>) = -1 EIO (Input/output error)\n";
        let wal = || "/d/a.db-wal".to_owned();
        let expected = [
            Step::Write { file: wal(), offset: 32, bytes: vec![1, 2] },
            Step::Said { to: "socket:[12]".into(), bytes: b"AB".to_vec() },
            Step::Sync { file: wal() },
            Step::Write { file: "/d/a.db".into(), offset: 4096, bytes: vec![3] },
            Step::Truncate { file: wal(), length: 0 },
        ];
        assert_eq!(steps(text).unwrap(), expected);
    }
}
