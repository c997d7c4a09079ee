//! The command: its files, texts and exit codes, above all for wrong input.

use assert_cmd::cargo::cargo_bin_cmd;
use predicates::prelude::*;
use sha2::{Digest, Sha256};
use std::path::Path;

fn gridflock(arguments: &[&str], params: &str) -> assert_cmd::assert::Assert {
    cargo_bin_cmd!("gridflock").args(arguments).write_stdin(params).assert()
}

#[test]
fn a_set_is_written_with_its_plan() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/set");
    let out_text = out.to_str().unwrap();
    let params = r#"{"plate_size":[126,84],"bed_size":[100,100],"magnets":true}"#;
    gridflock(&["generate", "-", "--out", out_text, "--threads", "2", "--timing"], params)
        .success()
        .stderr(predicate::str::contains("meshes"));
    let plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("plan.json")).unwrap()).unwrap();
    assert_eq!(plan["outer_mm"], serde_json::json!([126.0, 84.0]));
    assert_eq!(plan["padding_mm"]["west"], 0.0);
    assert_eq!(plan["cells_x"], serde_json::json!([1.0, 1.0, 1.0]));
    assert_eq!(plan["columns"], serde_json::json!([1, 2]));
    assert_eq!(plan["rows"], serde_json::json!([[2]]));
    let plates = plan["plates"].as_array().unwrap();
    assert_eq!(plates.len(), 2);
    for plate in plates {
        let bytes = std::fs::read(out.join(plate["file"].as_str().unwrap())).unwrap();
        assert_eq!(plate["sha256"], hex::encode(Sha256::digest(&bytes)));
        assert_eq!(plate["triangles"], (bytes.len() - 84) / 50);
        assert!(plate["volume_mm3"].as_f64().unwrap() > 1000.0);
        assert_eq!(
            (&plate["bed"], &plate["rotated"]),
            (&serde_json::json!("100x100"), &serde_json::json!(false))
        );
    }
    assert_eq!(plates[1]["slot"], "B1");
    assert_eq!(plates[1]["first_cell"], serde_json::json!([1, 0]));
    let files = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files(&out), 3, "no other files are left");
    gridflock(&["generate", "-", "--out", out_text, "--format", "3mf"], params).success();
    assert!(out.join("set.3mf").exists());
}

#[test]
fn loose_keys_are_parts_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("keys");
    let params = r#"{"plate_size":[168,126],"bed_size":[100,100],"seam_style":2}"#;
    gridflock(&["plan", "-"], params).success().stdout(predicate::str::contains("\n4 x key"));
    gridflock(&["generate", "-", "--out", out.to_str().unwrap()], params).success();
    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&read("plan.json")).unwrap();
    let part = &plan["parts"][0];
    assert_eq!((&part["name"], &part["count"]), (&"key".into(), &4.into()));
    assert_eq!(part["files"], serde_json::json!(["keys.stl"]));
    let stl = read("keys.stl");
    assert_eq!(part["sha256"][0], hex::encode(Sha256::digest(&stl)));
    assert_eq!(serde_json::json!((stl.len() - 84) / 50 / 4), part["triangles"]);
    gridflock(&["generate", "-", "--format", "3mf", "--out", out.to_str().unwrap()], params).success();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(read("set.3mf"))).unwrap();
    let model = std::io::read_to_string(archive.by_name("3D/3dmodel.model").unwrap()).unwrap();
    assert!(model.contains("name=\"A1\"") && model.contains("name=\"key4\""));
    assert_eq!(model.matches("<item ").count(), 4 + 4);
    // The original has no such seams.
    gridflock(&["plan", "-", "--upstream-exact"], params)
        .code(2)
        .stderr(predicate::str::contains("the original does not have seam_style"));
}

#[test]
fn coupons_to_try_fits_are_written_with_what_their_marks_mean() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    gridflock(&["coupon", "-", "--out", out], r#"{"magnets":true}"#)
        .success()
        .stdout(predicate::str::contains("corner-sockets.stl: marks are intersection_puzzle_fit in tenths"));
    for name in ["corner-tabs.stl", "corner-sockets.stl", "magnets.stl", "coupons.png"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    gridflock(&["coupon", "-", "--out", out], r#"{"connector_intersection_puzzle":false}"#)
        .code(3)
        .stderr(predicate::str::contains("neither connectors nor magnets"));
}

#[test]
fn plans_skus_and_schema_are_printed() {
    let params = r#"{"plate_size":[450,320],"magnets":true}"#;
    gridflock(&["plan", "-"], params)
        .success()
        .stdout(predicate::str::contains("grid 450 x 320 mm: 4 plates"));
    let json = gridflock(&["plan", "-", "--json", "--upstream-exact"], params).success();
    let plan: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(plan["rows"], serde_json::json!([[5, 3], [3, 5]]));
    assert_eq!(plan["plates"][0]["size_mm"], serde_json::json!([215.68, 213.68]));
    assert!(plan["plates"][0].get("sha256").is_none());
    gridflock(&["sku", "-"], params).success().stdout(predicate::str::starts_with("GF-450x320-IP-MAG\n"));
    gridflock(&["schema"], "").success().stdout(predicate::str::contains("Outer size [x, y]"));
}

#[test]
fn previews_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    for (name, start) in [("plan.svg", "<svg"), ("first.stl", "binary stl"), ("first.png", "\u{89}PNG")] {
        let file = folder.path().join(name);
        gridflock(&["preview", "-", "--out", file.to_str().unwrap()], "{}").success();
        let start: Vec<u8> = start.chars().map(|letter| letter as u8).collect();
        assert!(std::fs::read(&file).unwrap().starts_with(&start), "{name}");
    }
    let file = folder.path().join("plan.bmp");
    gridflock(&["preview", "-", "--out", file.to_str().unwrap()], "{}")
        .code(2)
        .stderr(predicate::str::contains("--out"));
    let file = folder.path().join("one.stl");
    let two = r#"{"plate_size":[126,84],"bed_size":[90,90]}"#;
    gridflock(&["preview", "-", "--plate", "B1", "--out", file.to_str().unwrap()], two).success();
    gridflock(&["preview", "-", "--plate", "C1", "--out", file.to_str().unwrap()], two)
        .code(2)
        .stderr(predicate::str::contains("--plate is C1; one of A1, B1 is wanted"));
}

#[test]
fn guides_and_stacks_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, start) in [("guide.svg", "<svg"), ("guide.pdf", "%PDF-1.4")] {
        let file = folder.path().join(name);
        gridflock(&["guide", "-", "--out", file.to_str().unwrap()], "{}").success();
        assert!(std::fs::read(&file).unwrap().starts_with(start.as_bytes()), "{name}");
    }
    gridflock(&["guide", "-", "--out", "guide.txt"], "{}")
        .code(2)
        .stderr(predicate::str::contains("a name that ends in .svg or .pdf is wanted"));
    let out = folder.path().join("out");
    let params = r#"{"plate_size":[84,126],"bed_size":[100,100],"stacked_print":true}"#;
    gridflock(&["generate", "-", "--out", out.to_str().unwrap()], params).success();
    assert!(out.join("A1.stl").exists() && out.join("stack.stl").exists());
}

#[test]
fn a_link_of_the_original_is_a_set_of_parameters() {
    let link = "https://gridflock.yawk.at/#eyJiZWRfc2l6ZSI6WzUwLDUwXSwicGxhdGVfc2l6ZSI6Wzg0LDg0XX0%3D";
    gridflock(&["plan", "--from-link", link], "")
        .success()
        .stdout(predicate::str::contains("grid 84 x 84 mm: 4 plates"));
    gridflock(&["plan", "--from-link", "https://gridflock.yawk.at/"], "")
        .code(2)
        .stderr(predicate::str::contains("--from-link has nothing behind a #"));
    gridflock(&["plan", "-", "--from-link", link], "{}").code(2);
}

/// Absurd input is refused before it costs anything, mm or letters or levels.
#[test]
fn absurd_input_is_refused_at_once_and_with_little_memory() {
    let rows = [
        r#"{"plate_size":[1e9,42]}"#.to_owned(),
        r#"{"plate_size":[-1e308,1e308]}"#.to_owned(),
        r#"{"plate_size":[NaN,42]}"#.to_owned(),
        r#"{"plate_size":[Infinity,42]}"#.to_owned(),
        r#"{"plate_size":[1e999,42]}"#.to_owned(),
        format!(r#"{{"cell_override":"{}"}}"#, "c".repeat(10_001)),
        format!(r#"{{"plate_size":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000)),
        format!(r#"{{"plate_size":{}"#, r#"{"a":"#.repeat(12_000)),
        "[".repeat(1 << 21),
    ];
    let program = assert_cmd::cargo::cargo_bin!("gridflock");
    // 50 MB of memory; a bare process needs some milliseconds, absurd ones no more.
    let script = format!("ulimit -v 51200; exec '{}' plan -", program.display());
    for params in rows {
        let run = || {
            let started = now();
            assert_cmd::Command::new("sh").args(["-c", &script]).write_stdin(params.clone()).assert().code(2);
            started.elapsed()
        };
        let best = (0..5).map(|_| run()).min().unwrap();
        assert!(best < std::time::Duration::from_millis(50), "{best:?} for {:.60}", params);
    }
}

#[expect(clippy::disallowed_methods, reason = "the time of a whole process is what is tested")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn wrong_input_gets_code_2_and_an_answer_that_names_the_field() {
    let rows = [
        (r#"{"plate_size":[5,320]}"#, "plate_size[0] is 5; a length from 10 to 2000 mm"),
        (r#"{"plate_size":"450x320"}"#, "plate_size is \"450x320\"; a list of 2 numbers is wanted"),
        (r#"{"plate_sice":[450,320]}"#, "plate_sice is not a parameter"),
        (r#"{"magnets":true,"magnet_frame_style":0}"#, "magnet_frame_style is 0; 1 (round frames) is wanted"),
        (r#"{"adapter_north":true}"#, "adapter_north is true; this program does not make that"),
        (r#"{"x_segment_algorithm":1}"#, "--upstream-exact"),
        ("[1,2]", "the file is no JSON object"),
        ("{", "the file is no JSON object"),
        ("", "the file is no JSON object"),
        (r#"{"plate_size":[1e400,2]}"#, "the file"),
    ];
    for (params, text) in rows {
        gridflock(&["plan", "-"], params).code(2).stderr(predicate::str::contains(text)).stdout("");
    }
    gridflock(&["plan", "/nowhere/params.json"], "")
        .code(2)
        .stderr(predicate::str::contains("/nowhere/params.json"));
    gridflock(&["sku", "-"], r#"{"plate_size":[450.5,320]}"#)
        .code(2)
        .stderr(predicate::str::contains("plate_size"));
    gridflock(&["plan"], "").code(2);
    gridflock(&["generate", "-", "--out", "x", "--threads", "0"], "{}").code(2);
    gridflock(&["--help"], "").success();
}

#[test]
fn what_cannot_be_done_gets_code_3_and_what_could_be() {
    let small = r#"{"plate_size":[450,320],"bed_size":[40,40]}"#;
    gridflock(&["plan", "-"], small)
        .code(3)
        .stderr(predicate::str::contains("a bed_size of at least that is possible"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    // Both walls of the only column are cut away: two bars are left.
    let bars = r#"{"plate_size":[42,42],"edge_adjust":[0,-5,0,-5]}"#;
    gridflock(&["generate", "-", "--out", out], bars)
        .code(3)
        .stderr(predicate::str::contains("fall apart into 2 pieces"));
    let frames = r#"{"plate_size":[52.5,52.5],"filler_fraction":[4,4],"magnets":true}"#;
    gridflock(&["plan", "-", "--upstream-exact"], frames)
        .code(3)
        .stderr(predicate::str::contains("below 12.95 mm"));
    gridflock(&["plan", "-"], frames).success();
    // The original aborts on beds of at most two cells.
    let lost = r#"{"plate_size":[300,300],"bed_size":[50,50]}"#;
    gridflock(&["plan", "-", "--upstream-exact"], lost)
        .code(3)
        .stderr(predicate::str::contains("the original"));
}

#[test]
fn a_folder_that_cannot_be_written_gets_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::File::create(&file).unwrap();
    let out = file.join("set");
    let out = out.to_str().unwrap();
    gridflock(&["generate", "-", "--out", out], r#"{"plate_size":[42,42]}"#)
        .code(1)
        .stderr(predicate::str::contains(out));
}
