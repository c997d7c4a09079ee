//! One row per kind of reply, as firmwares really write them (texts observed with Marlin 2.1.2.1, Klipper and others).
use firmware_profiles::{Control, Library};

use super::*;

fn marlin() -> Firmware {
    let library = Library::embedded().unwrap();
    match &library.profile("creality/ender-3").unwrap().control {
        Control::Streamed(firmware) => firmware.clone(),
        Control::PrinterOwned(_) => unreachable!(),
    }
}

fn ok() -> Reply {
    Reply::Ok { line: None, temperatures: None }
}

fn ok_to(line: u32) -> Reply {
    Reply::Ok { line: Some(line), temperatures: None }
}

fn degrees(nozzle: f32, nozzle_target: Option<f32>, bed: f32, bed_target: Option<f32>) -> Temperatures {
    Temperatures {
        nozzle_c: Some(nozzle),
        nozzle_target_c: nozzle_target,
        bed_c: Some(bed),
        bed_target_c: bed_target,
    }
}

#[test]
fn replies_mean_what_the_firmware_meant() {
    let firmware = marlin();
    let error = |text: &str| Reply::Error(text.to_owned());
    let fatal = |text: &str| Reply::Fatal(text.to_owned());
    let table = [
        ("ok", ok()),
        ("ok ", ok()),
        ("ok N12 P15 B3", ok_to(12)),
        ("ok 12", ok_to(12)),
        ("okay", Reply::Other),
        ("echo:SD card ok", Reply::Other),
        ("Resend: 13", Reply::Resend { line: 13 }),
        ("Resend:13", Reply::Resend { line: 13 }),
        ("Resend:N13", Reply::Resend { line: 13 }),
        ("rs 13", Reply::Resend { line: 13 }),
        ("rs N13", Reply::Resend { line: 13 }),
        ("Resend: x", Reply::Other),
        ("Error:checksum mismatch, Last Line: 12", Reply::BadLine),
        ("Error:Line Number is not Last Line Number+1, Last Line: 12", Reply::BadLine),
        ("Error:No Checksum with line number, Last Line: 12", Reply::BadLine),
        ("Error:No Line Number with checksum, Last Line: 12", Reply::BadLine),
        ("Error:expected line 3 got 5", Reply::BadLine),
        ("echo:busy: processing", Reply::Busy),
        ("busy: processing", Reply::Busy),
        ("echo:busy: paused for user", Reply::BusyUser),
        ("echo:busy: paused for input", Reply::BusyUser),
        ("wait", Reply::Wait),
        ("start", Reply::Banner),
        ("started", Reply::Other),
        (" External Reset", Reply::Banner),
        ("Watchdog Reset", Reply::Banner),
        ("Cap:EMERGENCY_PARSER:1", Reply::Capability { name: "EMERGENCY_PARSER".to_owned(), on: true }),
        ("Cap:ARCS:0", Reply::Capability { name: "ARCS".to_owned(), on: false }),
        (
            "FIRMWARE_NAME:Marlin 2.1.2.1 (x) SOURCE_CODE_URL:github.com/MarlinFirmware PROTOCOL_VERSION:1.0",
            Reply::Firmware("Marlin 2.1.2.1 (x)".to_owned()),
        ),
        ("//action:paused", Reply::Action("paused".to_owned())),
        ("// action:cancel", Reply::Action("cancel".to_owned())),
        ("SD printing byte 123/4567", Reply::CardProgress { done: 123, whole: 4567 }),
        ("Not SD printing", Reply::CardIdle),
        ("Done printing file", Reply::CardIdle),
        ("X:93.92 Y:105.20 Z:0.30 E:1.00 Count X:1 Y:2 Z:3", Reply::Position { z_mm: Some(0.3) }),
        ("Error:Printer halted. kill() called!", fatal("Error:Printer halted. kill() called!")),
        ("echo:Homing Failed", fatal("echo:Homing Failed")),
        (
            "Error:Thermal Runaway, system stopped! Heater_ID: E0",
            fatal("Error:Thermal Runaway, system stopped! Heater_ID: E0"),
        ),
        (
            "Error:!! KILL caused by too much inactive time - current command: M105",
            fatal("Error:!! KILL caused by too much inactive time - current command: M105"),
        ),
        (
            "Error:Printer stopped due to errors. Fix the error and use M999",
            Reply::Stopped("Error:Printer stopped due to errors. Fix the error and use M999".to_owned()),
        ),
        ("echo:Unknown command: \"M888\"", Reply::Other),
        ("echo: cold extrusion prevented", Reply::Other),
        ("Error:Invalid extruder 5", error("Error:Invalid extruder 5")),
        ("!! Must home axis first", error("!! Must home axis first")),
        ("// probe at 1,2", Reply::Other),
        ("\u{fffd}\u{fffd}T", Reply::Other),
    ];
    for (line, expected) in table {
        assert_eq!(classify(line, &firmware), expected, "{line:?}");
    }
}

#[test]
fn temperatures_are_read_in_every_dialect() {
    let firmware = marlin();
    let all = Some(0.0);
    let table = [
        (" T:19.37 /0.00 B:19.38 /0.00 @:0 B@:0 W:?", Reply::Temperatures(degrees(19.37, all, 19.38, all))),
        ("T:21.30/ 0.00 B:20.00/ 60.00", Reply::Temperatures(degrees(21.3, all, 20.0, Some(60.0)))),
        ("B:25.0 /0.0 T0:26.0 /0.0", Reply::Temperatures(degrees(26.0, all, 25.0, all))),
        ("T:25.5 B:24.0", Reply::Temperatures(degrees(25.5, None, 24.0, None))),
        (
            "ok T:210.1 /210.0 B:60.0 /60.0 @:64 B@:0",
            Reply::Ok { line: None, temperatures: Some(degrees(210.1, Some(210.0), 60.0, Some(60.0))) },
        ),
    ];
    for (line, expected) in table {
        assert_eq!(classify(line, &firmware), expected, "{line:?}");
    }
}

#[test]
fn noise_never_stops_the_classifier() {
    let firmware = marlin();
    for text in [
        "",
        "T:",
        "B:-",
        "T:.../...",
        "ok N99999999999",
        "Resend: 99999999999",
        "X:",
        "Cap:",
        "//action:",
        "rs",
    ] {
        let reply = classify(text, &firmware);
        assert!(
            !matches!(reply, Reply::Resend { .. } | Reply::Fatal(_) | Reply::Banner),
            "{text:?} → {reply:?}"
        );
    }
}
