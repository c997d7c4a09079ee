//! One row per kind of reply, as firmwares really write them (texts observed with Marlin 2.1.2.1, Klipper and others).
use firmware_profiles::Library;

use super::*;

fn firmware(id: &str) -> Firmware {
    Library::embedded().unwrap().firmware(id).unwrap().clone()
}

fn marlin() -> Firmware {
    firmware("marlin2")
}

fn ok() -> Reply {
    Reply::Ok { line: None, temperatures: None, free: None }
}

fn ok_to(line: u32) -> Reply {
    Reply::Ok { line: Some(line), temperatures: None, free: None }
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
        ("ok N12 P15 B3", Reply::Ok { line: Some(12), temperatures: None, free: Some(3) }),
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

/// What must be fatal, stopped, an error or harmless on each firmware, with the texts that it really writes.
#[test]
fn each_firmware_is_understood_in_its_own_words() {
    const FATAL: &str = "fatal";
    const STOPPED: &str = "stopped";
    const ERROR: &str = "error";
    const BANNER: &str = "banner";
    const NOTHING: &str = "nothing";
    let table = [
        ("marlin1", "Error:MINTEMP triggered, system stopped! Heater_ID: 0", FATAL),
        ("marlin1", "start", BANNER),
        ("prusa-mk3", "Error:0: MAXTEMP triggered !", FATAL),
        ("prusa-mk3", "Error:Thermal runaway, printer stopped!", FATAL),
        ("prusa-buddy", "Error:Printer halted. kill() called!", FATAL),
        ("klipper", "// Klipper state: Shutdown", FATAL),
        ("klipper", "// Klipper state: Disconnect", FATAL),
        ("klipper", "!! Shutdown due to webhooks request", FATAL),
        ("klipper", "!! Lost communication with MCU 'mcu'", FATAL),
        ("klipper", "!! Printer is not ready", STOPPED),
        ("klipper", "!! Move out of range: 500.000 0.000 0.000 [0.000]", ERROR),
        ("klipper", "!! Extrude below minimum temp", ERROR),
        ("klipper", "!! Must home axis first: 10.000 0.000 0.000 [0.000]", ERROR),
        ("klipper", "// Unknown command:\"M113\"", NOTHING),
        ("klipper", "// action:paused", NOTHING),
        ("klipper", "start", NOTHING),
        ("reprapfirmware", "Error: Heating fault on heater 1, temperature excursion exceeded 15.0C", FATAL),
        ("reprapfirmware", "Error: G0/G1: insufficient axes homed", ERROR),
        ("repetier", "fatal:Heater/sensor error - printer stopped", FATAL),
        ("repetier", "Error:One heater seems decoupled from thermistor - disabling all for safety!", ERROR),
        ("repetier", "skip 12", NOTHING),
        ("repetier", "Error:expected line 12 got 14", "bad line"),
        ("smoothieware", "!!", FATAL),
        ("smoothieware", "ALARM: Kill button pressed - reset or M999 to continue", FATAL),
        ("smoothieware", "Smoothie", BANNER),
    ];
    for (id, line, expected) in table {
        let found = match classify(line, &firmware(id)) {
            Reply::Fatal(_) => FATAL,
            Reply::Stopped(_) => STOPPED,
            Reply::Error(_) => ERROR,
            Reply::Banner => BANNER,
            Reply::BadLine => "bad line",
            Reply::Ok { .. }
            | Reply::Resend { .. }
            | Reply::Busy
            | Reply::BusyUser
            | Reply::Wait
            | Reply::Temperatures(_)
            | Reply::Position { .. }
            | Reply::Capability { .. }
            | Reply::Firmware(_)
            | Reply::Action(_)
            | Reply::CardProgress { .. }
            | Reply::CardIdle
            | Reply::Other => NOTHING,
        };
        assert_eq!(found, expected, "{id}: {line:?}");
    }
    let rs = classify("rs N13", &firmware("smoothieware"));
    assert_eq!(rs, Reply::Resend { line: 13 });
}

#[test]
fn a_board_is_known_by_the_name_it_says() {
    let table = [
        (
            "FIRMWARE_NAME:Marlin 2.1.2.1 (x) SOURCE_CODE_URL:github.com PROTOCOL_VERSION:1.0",
            Some("Marlin 2.1.2.1 (x)"),
        ),
        ("ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0-1", Some("Klipper")),
        (
            "FIRMWARE_NAME: RepRapFirmware for Duet 2 FIRMWARE_VERSION: 3.4.5",
            Some("RepRapFirmware for Duet 2"),
        ),
        (
            "FIRMWARE_NAME:Prusa-Firmware 3.13.3 based on Marlin FIRMWARE_URL:x",
            Some("Prusa-Firmware 3.13.3 based on Marlin"),
        ),
        ("ok T:20", None),
        ("echo:FIRMWARE_NAME:Marlin", None),
        ("FIRMWARE_NAME:", None),
    ];
    for (line, name) in table {
        assert_eq!(firmware_name(line).as_deref(), name, "{line:?}");
    }
    let (mk3, buddy) = (firmware("prusa-mk3"), firmware("prusa-buddy"));
    let fits = |known: &Firmware, name: &str| known.names.iter().any(|known| name.starts_with(known));
    assert!(fits(&mk3, "Prusa-Firmware 3.13.3") && !fits(&mk3, "Prusa-Firmware-Buddy 5.1"));
    assert!(fits(&buddy, "Prusa-Firmware-Buddy 5.1") && !fits(&buddy, "Prusa-Firmware 3.13.3"));
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
            Reply::Ok {
                line: None,
                temperatures: Some(degrees(210.1, Some(210.0), 60.0, Some(60.0))),
                free: None,
            },
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
