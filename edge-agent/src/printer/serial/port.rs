//! The serial port: the only serial input and output. Opens raw, exclusively, without waiting; whether opening resets
//! the board is a fact of the profile, not of this file.
use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{ReadHalf, WriteHalf, split};
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// There is no such device: unplugged, or another name.
    #[error("there is no serial port {}: is the printer plugged in and switched on?", path.display())]
    Missing {
        /// The device.
        path: PathBuf,
    },
    /// The account of the agent may not use it.
    #[error(
        "the serial port {} is not for this account: add it to the group that owns the port (dialout on Debian)",
        path.display()
    )]
    Forbidden {
        /// The device.
        path: PathBuf,
    },
    /// Another program has it.
    #[error("the serial port {} is in use by another program", path.display())]
    Taken {
        /// The device.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the serial port {} cannot be opened", path.display())]
    Open {
        /// The device.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// An open port.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) reader: ReadHalf<SerialStream>,
    pub(crate) writer: WriteHalf<SerialStream>,
}

/// Opens a port at a speed: 8 bits, no parity, one stop bit, no flow control.
pub(crate) fn open(path: &Path, baud: u32) -> Result<Port, PortError> {
    // serialport opens with O_NOCTTY and O_NONBLOCK, sets raw mode, TIOCEXCL and flock, and takes any speed (BOTHER).
    let opened = tokio_serial::new(path.to_string_lossy(), baud).open_native_async();
    match opened {
        Ok(stream) => {
            let (reader, writer) = split(stream);
            Ok(Port { reader, writer })
        }
        Err(error) => Err(refused(path, error)),
    }
}

fn refused(path: &Path, error: tokio_serial::Error) -> PortError {
    let path = path.to_owned();
    if !path.exists() {
        return PortError::Missing { path };
    }
    // EBUSY of TIOCEXCL and EWOULDBLOCK of flock arrive as NoDevice.
    if error.kind() == tokio_serial::ErrorKind::NoDevice {
        return PortError::Taken { path };
    }
    if error.kind() == tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied) {
        return PortError::Forbidden { path };
    }
    PortError::Open { path, source: error.into() }
}

#[cfg(test)]
mod tests {
    use tokio_serial::{Error, ErrorKind};

    use super::*;

    #[test]
    fn a_port_that_does_not_open_says_what_to_do() {
        let there = Path::new("/dev/null");
        let table = [
            (
                Path::new("/dev/serial/by-path/none"),
                ErrorKind::NoDevice,
                "there is no serial port /dev/serial/by-path/none: is the printer plugged in and switched on?",
            ),
            (there, ErrorKind::NoDevice, "the serial port /dev/null is in use by another program"),
            (
                there,
                ErrorKind::Io(io::ErrorKind::PermissionDenied),
                "the serial port /dev/null is not for this account: add it to the group that owns the port (dialout on \
                 Debian)",
            ),
            (there, ErrorKind::InvalidInput, "the serial port /dev/null cannot be opened"),
        ];
        for (path, kind, text) in table {
            assert_eq!(refused(path, Error::new(kind, "")).to_string(), text);
        }
    }
}
