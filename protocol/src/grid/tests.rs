//! Tests of parameters, keys, labels and properties.

use super::*;
use proptest::prelude::*;

fn params(json: &str) -> GridParams {
    GridParams::from_json(json).unwrap()
}

fn spec(json: &str) -> GridSpec {
    GridSpec::check(&params(json)).unwrap()
}

fn faults(json: &str) -> Vec<String> {
    let faults = match GridParams::from_json(json) {
        Ok(params) => GridSpec::check(&params).unwrap_err(),
        Err(faults) => faults,
    };
    faults.list().iter().map(ToString::to_string).collect()
}

#[test]
fn every_parameter_has_a_default_and_every_default_is_accepted() {
    let all = GridParams::upstream_defaults();
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(all.by_name().len(), 105, "{text}");
    assert_eq!(GridParams::from_json(&text).unwrap(), all);
    assert_eq!(GridSpec::check(&all).unwrap(), GridSpec::check(&GridParams::default()).unwrap());
    for Parameter { name, range, about, .. } in GridParams::AVAILABLE {
        let default = all.by_name().remove(*name).unwrap_or_else(|| panic!("{name} is no parameter"));
        let is_number = default.is_number() || default.as_array().is_some();
        assert_eq!(range.is_some(), is_number, "{name}");
        assert!(about.ends_with('.'), "{name}: {about}");
    }
}

#[test]
fn a_label_says_size_connector_and_magnets_and_marks_everything_else() {
    let rows = [
        (r#"{"plate_size":[450,320],"magnets":true}"#, "GF-450x320-IP-MAG"),
        (r#"{"plate_size":[450,320],"magnets":true,"magnet_style":1,"click_style":1}"#, "GF-450x320-IP-MAG"),
        (r#"{"plate_size":[320,450]}"#, "GF-320x450-IP-NOMAG"),
        (r#"{"plate_size":[42,42],"connector_intersection_puzzle":false}"#, "GF-42x42-NC-NOMAG"),
        // A magnet's size without magnets has no effect.
        (r#"{"plate_size":[42,42],"magnet_diameter":6.1}"#, "GF-42x42-IP-NOMAG"),
        (
            r#"{"plate_size":[42,42],"connector_intersection_puzzle":false,"connector_edge_puzzle":true}"#,
            "GF-42x42-EP-NOMAG",
        ),
        (r#"{"plate_size":[42,42],"cell_override":"ccc"}"#, "GF-42x42-IP-NOMAG"),
    ];
    for (json, sku) in rows {
        assert_eq!(spec(json).sku().unwrap().as_str(), sku, "{json}");
    }
    for other in [
        r#""connector_edge_puzzle":true"#,
        r#""solid_base":2"#,
        r#""bed_size":[256,256]"#,
        r#""numbering":false"#,
        r#""intersection_puzzle_fit":0.5"#,
    ] {
        let spec = spec(&format!(r#"{{"plate_size":[450,320],{other}}}"#));
        let expected = format!("GF-450x320-IP-NOMAG-X{}", spec.grid_key().short());
        assert_eq!(spec.sku().unwrap().as_str(), expected);
    }
    assert_eq!(spec(r#"{"plate_size":[450.5,320]}"#).sku(), None);
}

#[test]
fn the_canonical_text_and_key_of_a_known_grid_never_change() {
    let spec = spec(r#"{"plate_size":[450,320],"magnets":true,"filler_x":2,"alignment":[0,0.25]}"#);
    let text = "geometry=1\nbed_class=250x220\nalignment=[0.0,0.25]\nbed_size=[250.0,220.0]\nfiller_x=2\n\
                magnets=true\nplate_size=[450.0,320.0]\n";
    assert_eq!(spec.canonical_text(), text);
    assert_eq!(
        spec.grid_key().to_string(),
        "b1d2df6d5cfedabc5094131b20f2a202ccc9074c7ca98efb514feca382889b07"
    );
}

#[test]
fn all_faults_are_reported_at_once_with_field_value_and_remedy() {
    let found =
        faults(r#"{"plate_size":[5,9000],"bed_size":[250.00001,220],"alignment":[0.5,1.5],"filler_x":7}"#);
    let expected = [
        "plate_size[0] is 5; a length from 10 to 2000 mm with at most 4 decimals is wanted",
        "plate_size[1] is 9000; a length from 10 to 2000 mm with at most 4 decimals is wanted",
        "bed_size[0] is 250.00001; a length from 30 to 2000 mm with at most 4 decimals is wanted",
        "filler_x is 7; 0 (padding), 1 (fractions) or 2 (one cell) is wanted",
        "alignment[1] is 1.5; a number from 0 to 1 with at most 4 decimals is wanted",
    ];
    for text in expected {
        assert!(found.iter().any(|f| f == text), "{text} is not in {found:#?}");
    }
}

#[test]
fn wrong_names_and_kinds_are_named_together() {
    let found =
        faults(r#"{"plate_sise":[1,2],"magnets":"yes","bed_size":[1],"filler_x":1.5,"solid_base":true}"#);
    let expected = [
        "bed_size is [1]; a list of 2 numbers is wanted, such as [250.0,220.0]",
        "filler_x is 1.5; a whole number is wanted",
        "magnets is \"yes\"; true or false is wanted",
        "plate_sise is not a parameter; see `gridflock schema` for all names",
        "solid_base is true; a number is wanted",
    ];
    assert_eq!(found, expected);
    assert!(faults("[]").concat().starts_with("the file is no JSON object"));
}

#[test]
fn what_is_not_made_is_refused_and_its_default_is_not() {
    let found = faults(r#"{"adapter_north":true,"test_pattern":1,"number_font":"sans-serif"}"#);
    assert_eq!(
        found,
        [
            "adapter_north is true; this program does not make that: leave it out or at false",
            "test_pattern is 1; this program does not make that: leave it out or at 0",
        ]
    );
}

#[test]
fn values_outside_of_their_limits_are_refused_with_their_limits() {
    let all = GridParams::upstream_defaults().by_name();
    for Parameter { name, range, .. } in GridParams::AVAILABLE {
        let Some([min, max]) = range else { continue };
        for wrong in [min - 1.0, max + 1.0, 1e9, -1e9] {
            let one = if *name == "more_beds" {
                &serde_json::json!(30.0)
            } else if all[*name].is_array() {
                &all[*name][0]
            } else {
                &all[*name]
            };
            let whole: i64 = format!("{wrong:.0}").parse().unwrap();
            let one = if one.is_f64() { serde_json::json!(wrong) } else { serde_json::json!(whole) };
            let value = match all[*name].as_array() {
                Some(list) if list.is_empty() => serde_json::json!([[one, one]]),
                Some(list) => serde_json::Value::Array(vec![one; list.len()]),
                None => one,
            };
            // Everything on, so that no parameter is without effect.
            let mut object = serde_json::json!({
                "connector_edge_puzzle": true, "magnets": true, "click": true, "stacked_print": true,
                "vertical_screw_plate_corners": true, "vertical_screw_segment_corners": true,
                "horizontal_screw_wall_north": true, "plate_wall_thickness": [2, 2, 2, 2], "solid_base": 2,
                "thumbscrews": true, "filler_x": 1, "filler_y": 1, "mount_screws": true, "weight_pockets": true,
                "magnet_rib_count": 8, "magnet_style": 0,
            });
            if name.starts_with("click1") {
                object["click_style"] = 0.into();
            }
            if *name == "filler_minimum_size" {
                (object["filler_x"], object["filler_y"]) = (2.into(), 2.into());
            }
            object[*name] = value;
            let found = faults(&object.to_string());
            assert!(found.iter().any(|fault| fault.starts_with(name)), "{name} {wrong}: {found:?}");
        }
    }
}

#[test]
fn combinations_that_cannot_be_made_are_refused() {
    let rows = [
        (r#"{"magnets":true,"magnet_frame_style":0}"#, "magnet_frame_style is 0; 1 (round frames) is wanted"),
        (r#"{"thumbscrews":true}"#, "thumbscrews is true; false is wanted without a floor"),
        (
            r#"{"thumbscrews":true,"solid_base":18}"#,
            "thumbscrew_diameter is 15.8; at most 4.0000 mm are wanted",
        ),
        (r#"{"solid_base":0.4,"top_slice":0.5}"#, "solid_base is 0.4; 0 or more than 0.5 mm is wanted"),
        (r#"{"solid_base":0.3,"stacked_print":true}"#, "solid_base is 0.3; 0 or more than 0.3 mm"),
        (
            r#"{"click":true,"click_style":0,"connector_edge_puzzle":true}"#,
            "click_style is 0; 1 (groove) is wanted with connector_edge_puzzle",
        ),
        (
            r#"{"click":true,"clickgroove_strength":1.7}"#,
            "clickgroove_strength is 1.7; at most 1.6500 mm are wanted",
        ),
        (
            r#"{"click":true,"clickgroove_tab_length":26}"#,
            "clickgroove_tab_length is 26; at most clickgroove_gap_length, 25 mm",
        ),
        (
            r#"{"horizontal_screw_wall_east":true}"#,
            "horizontal_screw_wall_east is true; false is wanted where plate_wall_thickness (east) is 0",
        ),
        (
            r#"{"vertical_screw_other":true,"vertical_screw_countersink_top":[3.3,2]}"#,
            "vertical_screw_countersink_top[0] is 3.3; at least 3.4000 mm",
        ),
        (
            r#"{"vertical_screw_other":true,"vertical_screw_countersink_top":[6,0]}"#,
            "vertical_screw_countersink_top is [6,0]; two zeros or two lengths",
        ),
        (
            r#"{"vertical_screw_other":true,"vertical_screw_countersink_top":[3.6,9]}"#,
            "vertical_screw_countersink_top[1] is 9; at most 1.60 mm",
        ),
        (
            r#"{"connector_edge_puzzle":true,"edge_puzzle_dim":[5,2.5]}"#,
            "edge_puzzle_dim[0] is 5; at least 5.2 mm are wanted",
        ),
        (
            r#"{"connector_edge_puzzle":true,"edge_puzzle_count":4}"#,
            "edge_puzzle_count is 4; bars of 10 mm with 2 mm between them take 46 mm",
        ),
        (r#"{"cell_override":"cxe"}"#, "cell_override is x; only the letters c"),
        (r#"{"plate_wall_thickness":[0.2,0,0,0]}"#, "plate_wall_thickness (north) is 0.2; 0 (no rim) or"),
    ];
    for (json, start) in rows {
        let found = faults(json);
        assert!(found.iter().any(|f| f.starts_with(start)), "{start} is not in {found:?}");
    }
}

#[test]
fn cells_that_cannot_be_made_are_refused() {
    let rows = [
        (r#"{"plate_size":[41,42],"filler_x":0}"#, "plate_size[0] is 41; with this filler at least 42 mm"),
        (r#"{"plate_size":[14,42],"filler_x":2}"#, "plate_size[0] is 14; with this filler at least 15 mm"),
        (r#"{"filler_fraction":[6,2]}"#, "filler_fraction[0] is 6; a whole number from 1 to 5"),
        (r#"{"filler_x":2,"filler_minimum_size":[8,8]}"#, "filler_minimum_size[0] is 8; a length from 8.1"),
        (r#"{"edge_adjust":[0,0,0,-18]}"#, "edge_adjust (west) is -18; at least -17 mm"),
    ];
    for (json, start) in rows {
        let found = faults(json);
        assert!(found.iter().any(|f| f.starts_with(start)), "{start} is not in {found:?}");
    }
}

#[test]
fn what_follows_from_a_fault_is_not_told_as_another() {
    let found = faults(r#"{"plate_size":[1e9,100],"filler_x":0}"#);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("plate_size[0] is 1000000000; a length from 10 to 2000 mm"), "{found:?}");
}

#[test]
fn decoding_checks_again() {
    let good = serde_json::to_string(&spec(r#"{"plate_size":[450,320]}"#)).unwrap();
    let expected = r#"{"geometry_version":1,"params":{"plate_size":[450.0,320.0],"bed_size":[250.0,220.0]}}"#;
    assert_eq!(good, expected);
    let bad = good.replace("450.0", "4500.0");
    let error = serde_json::from_str::<GridSpec>(&bad).unwrap_err().to_string();
    assert!(error.contains("plate_size[0] is 4500"), "{error}");
}

#[test]
fn a_grid_key_has_one_spelling() {
    let key = spec("{}").grid_key();
    assert_eq!(key.to_string().parse(), Ok(key));
    assert!(key.to_string().to_uppercase().parse::<GridKey>().is_err());
    assert!("12".parse::<GridKey>().is_err());
}

proptest! {
    #[test]
    fn a_spec_survives_the_wire_and_keeps_its_key(
        x in 150_000_i64..20_000_000, y in 150_000_i64..20_000_000, fill in 0_i64..3, parts in 1_i64..=5,
        align in 0_i64..=10_000, fit in 0_i64..=10_000, magnets: bool, connect: bool, numbers: bool,
    ) {
        let params = GridParams {
            plate_size: Some([x as f64 / 1e4, y as f64 / 1e4]),
            filler_x: Some(fill),
            filler_fraction: Some([parts, parts]),
            alignment: Some([align as f64 / 1e4, 0.5]),
            intersection_puzzle_fit: Some(fit as f64 / 1e4),
            connector_intersection_puzzle: Some(connect),
            magnets: Some(magnets),
            numbering: Some(numbers),
            ..GridParams::default()
        };
        if let Ok(spec) = GridSpec::check(&params) {
            let back: GridSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
            prop_assert_eq!(back.grid_key(), spec.grid_key());
            prop_assert_eq!(back, spec);
        }
    }
}

fn line(pairs: &[(&str, &str)]) -> Result<GridOrder, Vec<String>> {
    let pairs: Vec<_> = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
    parse_properties(&pairs, &PropertyNames::default())
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn lengths_are_read_exactly_or_not_at_all() {
    let good =
        ["450", "450.0", "450,0", "450 mm", " 450 ", "450mm", "450.00 MM", "0450", "\u{a0}450\u{a0}mm"];
    for text in good {
        let order = line(&[("Width (mm)", text), ("height (MM) ", "320")]).unwrap();
        assert_eq!((order.width_mm, order.height_mm), (450, 320), "{text}");
    }
    let bad = [
        ("450.5", "only whole millimetres can be made"),
        ("450,5 mm", "only whole millimetres can be made"),
        ("1,000", "can be read in two ways"),
        ("450.000", "can be read in two ways"),
        ("45 cm", "a length in whole millimetres such as 450 is wanted"),
        ("+450", "a length in whole millimetres"),
        ("-450", "a length in whole millimetres"),
        ("4 50", "a length in whole millimetres"),
        ("450.", "a length in whole millimetres"),
        ("4e2", "a length in whole millimetres"),
        ("٤٥٠", "a length in whole millimetres"),
        ("99999999999999999999", "a length in whole millimetres"),
        ("41", "it can be 42 to 1000 mm"),
        ("1001", "it can be 42 to 1000 mm"),
        ("  ", "is missing"),
    ];
    for (text, reason) in bad {
        let found = line(&[("Width (mm)", text), ("Height (mm)", "320")]).unwrap_err();
        assert!(
            found.len() == 1 && found[0].contains(reason) && found[0].contains("Width (mm)"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn choices_have_defaults_and_say_what_they_could_be() {
    let size = [("Width (mm)", "450"), ("Height (mm)", "320")];
    let with = |more: &[(&str, &str)]| line(&[&size[..], more].concat());
    assert_eq!(with(&[]).unwrap().connector, OrderConnector::IntersectionPuzzle);
    assert!(!with(&[]).unwrap().magnets);
    let order =
        with(&[("connector", " edge PUZZLE "), ("MAGNETS", "yes"), ("_magnets", "no"), ("Gift", "x")])
            .unwrap();
    assert_eq!((order.connector, order.magnets), (OrderConnector::EdgePuzzle, true));
    let found = with(&[("Magnets", "maybe"), ("Connector", "glue")]).unwrap_err();
    assert_eq!(
        found,
        [
            "“Connector” is “glue”; it can be “Intersection puzzle”, “Edge puzzle”, “None”",
            "“Magnets” is “maybe”; it can be “Yes”, “No”",
        ]
    );
}

#[test]
fn the_same_property_twice_must_mean_the_same() {
    let rest = ("Height (mm)", "320");
    assert!(line(&[("Width (mm)", "450"), ("width (mm)", "450.0"), rest]).is_ok());
    let found = line(&[("Width (mm)", "450"), ("Width (mm)", "460"), rest]).unwrap_err();
    assert_eq!(found, ["“Width (mm)” is given more than once with different values: “450”, “460”"]);
    assert_eq!(line(&[]).unwrap_err(), ["“Width (mm)” is missing", "“Height (mm)” is missing"]);
}

#[test]
fn an_order_becomes_a_specification_for_the_bed_of_the_product() {
    let order = line(&[("Width (mm)", "450"), ("Height (mm)", "320"), ("Connector", "Edge puzzle")]).unwrap();
    let product = GridParams { bed_size: Some([256.0, 256.0]), ..GridParams::default() };
    let spec = GridSpec::check(&order.to_params(&product)).unwrap();
    assert!(spec.connectors().edge.is_some() && spec.connectors().intersection.is_none());
    let order = GridOrder { connector: OrderConnector::None, magnets: true, ..order };
    let spec = GridSpec::check(&order.to_params(&product)).unwrap();
    assert_eq!(spec.bed_class().as_str(), "256x256");
    assert!(spec.connectors().is_none() && spec.magnets().is_some());
}
