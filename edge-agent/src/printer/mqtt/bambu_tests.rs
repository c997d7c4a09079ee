//! Reports as printers send them, whole and in pieces.
use super::*;

fn full() -> Value {
    json!({ "print": {
        "command": "push_status", "msg": 0, "gcode_state": "RUNNING", "task_id": "5", "subtask_id": "5",
        "subtask_name": "plate_400000005", "mc_percent": 12, "mc_remaining_time": "34", "layer_num": 3, "total_layer_num": 60,
        "nozzle_temper": 219.5, "nozzle_target_temper": "220", "bed_temper": 60, "bed_target_temper": 60.0, "print_error": 0,
        "ams": { "ams": [ { "id": "0", "tray": [ { "id": "0", "type": "PLA" }, { "id": "1", "type": "PETG" } ] } ], "tray_now": "255" },
        "lights_report": [ { "node": "chamber_light", "mode": "on" } ]
    } })
}

fn take(merged: &mut Merged, message: &Value) -> Message {
    merged.take(message.to_string().as_bytes())
}

#[test]
fn a_full_report_is_read_with_numbers_as_texts() {
    let mut merged = Merged::default();
    assert_eq!(merged.status(), None);
    assert_eq!(take(&mut merged, &full()), Message::Status);
    let status = merged.status().unwrap();
    assert_eq!((status.state, status.percent, status.remaining_min), (State::Running, 12, Some(34)));
    assert_eq!((status.nozzle_c, status.layer), ((Some(219.5), Some(220.0)), (3, 60)));
}

#[test]
fn deltas_change_what_they_name_and_nothing_else() {
    let mut merged = Merged::default();
    take(&mut merged, &full());
    let delta = json!({ "print": { "command": "push_status", "msg": 1, "mc_percent": 13,
        "ams": { "ams": [ { "id": "0", "tray": [ { "id": "1", "type": "TPU" } ] } ] } } });
    take(&mut merged, &delta);
    let status = merged.status().unwrap();
    assert_eq!((status.percent, status.state), (13, State::Running));
    let trays = &merged.0["ams"]["ams"][0]["tray"];
    assert_eq!((&trays[0]["type"], &trays[1]["type"]), (&json!("PLA"), &json!("TPU")));
    assert_eq!(merged.0["ams"]["tray_now"], "255");
}

#[test]
fn any_order_of_partial_reports_ends_in_the_same_state() {
    let Value::Object(fields) = full()["print"].clone() else { unreachable!() };
    let mut whole = Merged::default();
    take(&mut whole, &full());
    let mut state: u64 = 42;
    for _ in 0..500 {
        let mut merged = Merged::default();
        let mut left: Vec<_> = fields.iter().filter(|(key, _)| *key != "command").collect();
        while !left.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, value) = left.remove(usize::try_from(state >> 33).unwrap() % left.len());
            take(&mut merged, &json!({ "print": { "command": "push_status", key.as_str(): value } }));
        }
        assert_eq!(merged.0, whole.0);
    }
}

#[test]
fn answers_and_rubbish_are_told_apart() {
    let mut merged = Merged::default();
    let answer = |result: &str| json!({ "print": { "command": "project_file", "sequence_id": "7", "result": result, "reason": "because" } });
    let refused = |reason: Option<&str>| Message::Answer {
        command: "project_file".to_owned(),
        sequence: "7".to_owned(),
        refused: reason.map(str::to_owned),
    };
    assert_eq!(take(&mut merged, &answer("SUCCESS")), refused(None));
    assert_eq!(take(&mut merged, &answer("Failed")), refused(Some("because")));
    assert_eq!(
        take(&mut merged, &json!({ "print": { "command": "project_file", "sequence_id": 7 } })),
        refused(None)
    );
    assert_eq!(take(&mut merged, &json!({ "info": { "command": "get_version" } })), Message::Other);
    for bad in ["", "{", "[]", "null", "{\"print\":", "\u{0}"] {
        assert_eq!(merged.take(bad.as_bytes()), Message::Bad, "{bad:?}");
    }
    assert_eq!(
        take(
            &mut merged,
            &json!({ "print": { "command": "push_status", "gcode_state": 5, "mc_percent": {} } })
        ),
        Message::Status
    );
    assert_eq!(merged.status(), None);
    take(&mut merged, &json!({ "print": { "command": "push_status", "gcode_state": "NEW_WORD" } }));
    assert_eq!(merged.status(), None, "a state without its task");
    take(&mut merged, &json!({ "print": { "command": "push_status", "task_id": "1", "subtask_name": "" } }));
    assert_eq!(merged.status().unwrap().state, State::Other("NEW_WORD".to_owned()));
}

#[test]
fn error_codes_are_errors_from_4000_on() {
    for (code, expected) in [
        (json!(0x0500_400E), Some("0500_400E")),
        (json!("83902467"), Some("0500_4003")),
        (json!(0), None),
        (json!(0x0300_0001), None),
    ] {
        assert_eq!(error(Some(&code)).as_deref(), expected, "{code}");
    }
}

#[test]
fn ids_fit_the_firmware_and_names_carry_the_whole_one() {
    assert_eq!(wire_id("400000005"), 400_000_005);
    for text in ["0", "2147483647", "99999999999999", "abc", ""] {
        assert!((1..=2_147_483_647).contains(&wire_id(text)), "{text}");
    }
    assert_ne!(wire_id("12345678900001"), wire_id("12345678900002"));
    assert_eq!(job_name("GF 450x320 – A1.gcode", "77"), "GF_450x320___A1_gcode_77");
    let mut merged = Merged::default();
    take(&mut merged, &full());
    let mut status = merged.status().unwrap();
    status.subtask_id = wire_id("400000005").to_string();
    assert!(is_task(&status, "400000005"));
    status.name = "something else".to_owned();
    assert!(!is_task(&status, "400000005"), "the same number by accident");
}

#[test]
fn a_start_names_file_member_and_ids() {
    let start: Value = serde_json::from_slice(&start("a_77.gcode.3mf", "a_77", "77", 3)).unwrap();
    let body = &start["print"];
    assert_eq!(body["command"], "project_file");
    assert_eq!(
        (&body["url"], &body["param"]),
        (&json!("ftp:///a_77.gcode.3mf"), &json!("Metadata/plate_1.gcode"))
    );
    assert_eq!(
        (&body["task_id"], &body["subtask_id"], &body["use_ams"]),
        (&json!("77"), &json!("77"), &json!(false))
    );
}
