//! What each command does.

use crate::args::{Arguments, Command, Format, Source};
use crate::clock::Watch;
use crate::failure::Failure;
use crate::files;
use crate::link;
use anyhow::{Context, anyhow};
use gridflock::export::{Object, View, guide_pdf, guide_svg, needs};
use gridflock::plan::{PartReport, PlanReport};
use gridflock::{
    GenerateError, Mesh, Plan, plan, plan_svg, plan_upstream, render, write_3mf, write_png, write_stl,
};
use protocol::grid::{GridParams, GridSpec};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Plan { source, json } => show_plan(source, *json),
        Command::Generate { source, out, format, threads, timing } => {
            generate(source, out, *format, usize::from(*threads), *timing)
        }
        Command::Preview { source, out, below, plate } => preview(source, out, *below, plate.as_deref()),
        Command::Guide { source, out } => guide(source, out),
        Command::Coupon { source, out } => coupon(source, out),
        Command::Sku { source } => sku(source),
        Command::Schema => print(&pretty(&gridflock::schema::schema())?),
    }
}

/// Prints to stdout. A reader that went away (`| head`) is not an error of ours.
fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow!(error).context("cannot write to the standard output").into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn pretty(value: &impl serde::Serialize) -> anyhow::Result<String> {
    serde_json::to_string_pretty(value).context("cannot write JSON")
}

fn read(source: &Source) -> Result<(GridSpec, Plan), Failure> {
    let spec = read_spec(source)?;
    let plan = if source.upstream_exact { plan_upstream(&spec)? } else { plan(&spec)? };
    Ok((spec, plan))
}

fn read_spec(source: &Source) -> Result<GridSpec, Failure> {
    let text = match (&source.params, &source.from_link) {
        (_, Some(link)) => link::params(link)?,
        (Some(path), None) => files::read_params(path)?,
        (None, None) => return Err(Failure::Input("PARAMS.json or --from-link is wanted".to_owned())),
    };
    let params = GridParams::from_json(&text)?;
    Ok(GridSpec::check(&params)?)
}

fn show_plan(source: &Source, json: bool) -> Result<(), Failure> {
    let (_, plan) = read(source)?;
    let report = plan.report();
    if json { print(&pretty(&report)?) } else { print(&in_words(&report)) }
}

fn in_words(report: &PlanReport) -> String {
    let [x, y] = report.outer_mm;
    let mut lines = vec![
        format!("grid {x} x {y} mm: {} plates", report.plates.len()),
        format!("columns {:?}, rows {:?} (cells)", report.columns, report.rows),
    ];
    for plate in &report.plates {
        let ([x, y], [cells_x, cells_y]) = (plate.size_mm, plate.cells);
        let turned = if plate.rotated { ", turned by 90 degrees" } else { "" };
        lines.push(format!("{:<4} {cells_x} x {cells_y} cells, {x} x {y} mm{turned}", plate.slot));
    }
    for part in &report.parts {
        lines.push(format!("{} x {}", part.count, part.name));
    }
    lines.join("\n")
}

fn sku(source: &Source) -> Result<(), Failure> {
    let spec = read_spec(source)?;
    let sku = spec.sku().ok_or_else(|| {
        let size = spec.plate_size();
        Failure::Input(format!("plate_size is {} x {} mm; a SKU needs whole millimetres", size.x, size.y))
    })?;
    print(&format!("{sku}\n{}", spec.grid_key()))
}

/// Size of a shaded picture, pixels.
const PICTURE: (u32, u32) = (800, 520);

fn preview(source: &Source, out: &Path, below: bool, plate: Option<&str>) -> Result<(), Failure> {
    let (spec, plan) = read(source)?;
    let mesh = || match plate {
        None => Ok(gridflock::generate_preview(&spec, &plan)?),
        Some(name) => one_plate(&spec, &plan, name),
    };
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => files::write_atomic(out, plan_svg(&plan).as_bytes())?,
        Some("stl") => {
            files::write_atomic(out, &stl_bytes(&mesh()?)?)?;
        }
        Some("png") => {
            let mesh = mesh()?;
            write_picture(out, &mesh, if below { View::Below } else { View::Above })?;
        }
        Some(_) | None => {
            return Err(Failure::Input(format!(
                "--out is {}; a name that ends in .svg, .png or .stl is wanted",
                out.display()
            )));
        }
    }
    Ok(())
}

fn write_picture(out: &Path, mesh: &Mesh, view: View) -> Result<(), Failure> {
    let (mut bytes, (width, height)) = (Vec::new(), PICTURE);
    write_png(&render(mesh, width, height, view), &mut bytes).context("cannot write PNG")?;
    files::write_atomic(out, &bytes)?;
    Ok(())
}

fn one_plate(spec: &GridSpec, plan: &Plan, name: &str) -> Result<Mesh, Failure> {
    if name == "stack" && spec.stack().is_some() {
        return Ok(gridflock::generate_stack(spec, plan)?);
    }
    let Some(plate) = plan.plates.iter().find(|p| p.slot.to_string() == name) else {
        let all: Vec<_> = plan.plates.iter().map(|p| p.slot.to_string()).collect();
        return Err(Failure::Input(format!("--plate is {name}; one of {} is wanted", all.join(", "))));
    };
    Ok(gridflock::generate_plate(spec, plan, plate.slot)?)
}

fn guide(source: &Source, out: &Path) -> Result<(), Failure> {
    let (spec, plan) = read(source)?;
    let is_pdf = match out.extension().and_then(|ending| ending.to_str()) {
        Some("pdf") => true,
        Some("svg") => false,
        Some(_) | None => {
            let shown = out.display();
            return Err(Failure::Input(format!(
                "--out is {shown}; a name that ends in .svg or .pdf is wanted"
            )));
        }
    };
    let made = make_all(&spec, &plan, Format::ThreeMf, 1)?;
    let made: Vec<(f64, f64)> =
        made.iter().map(|made| (made.mesh.volume_mm3(), f64::from(made.mesh.size()[2]) / 10_000.0)).collect();
    let needs = needs(&spec, &plan, &made);
    if is_pdf {
        files::write_atomic(out, &guide_pdf(&spec, &plan, &needs))?;
    } else {
        files::write_atomic(out, guide_svg(&spec, &plan, &needs).as_bytes())?;
    }
    Ok(())
}

fn coupon(source: &Source, out: &Path) -> Result<(), Failure> {
    let coupons = gridflock::coupons(&read_spec(source)?)?;
    if coupons.is_empty() {
        let text = "the grid has neither connectors nor magnets: there is nothing to try";
        return Err(Failure::Impossible(text.to_owned()));
    }
    files::make_folder(out)?;
    for coupon in &coupons {
        files::write_atomic(&out.join(format!("{}.stl", coupon.name)), &stl_bytes(&coupon.mesh)?)?;
        print(&format!("{}.stl: marks are {}", coupon.name, coupon.marks))?;
    }
    let meshes: Vec<&Mesh> = coupons.iter().map(|coupon| &coupon.mesh).collect();
    write_picture(&out.join("coupons.png"), &gridflock::in_a_row(&meshes), View::Above)
}

fn stl_bytes(mesh: &Mesh) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(84 + 50 * mesh.triangles_n());
    write_stl(mesh, &mut bytes).context("cannot write STL")?;
    Ok(bytes)
}

/// A finished plate: its mesh, and with STL the bytes of its file.
struct Made {
    mesh: Mesh,
    stl: Vec<u8>,
}

fn generate(
    source: &Source,
    out: &Path,
    format: Format,
    threads: usize,
    timing: bool,
) -> Result<(), Failure> {
    let watch = Watch::start();
    let (spec, plan) = read(source)?;
    let planned = watch.elapsed();
    let made = make_all(&spec, &plan, format, threads)?;
    let meshed = watch.elapsed();
    files::make_folder(out)?;
    let mut report = plan.report();
    for (plate, made) in report.plates.iter_mut().zip(&made) {
        plate.volume_mm3 = Some((made.mesh.volume_mm3() * 1000.0).round() / 1000.0);
        plate.triangles = Some(made.mesh.triangles_n());
        if format == Format::Stl {
            let name = format!("{}.stl", plate.slot);
            plate.sha256 = Some(hex::encode(Sha256::digest(&made.stl)));
            files::write_atomic(&out.join(&name), &made.stl)?;
            plate.file = Some(name);
        }
    }
    let key = gridflock::generate_key(&spec, &plan)?;
    match (format, &key) {
        (Format::ThreeMf, key) => write_set(out, &plan, &made, key.as_ref(), &mut report)?,
        (Format::Stl, Some(key)) => write_keys(out, &spec, &plan, key, &mut report)?,
        (Format::Stl, None) => {}
    }
    if spec.stack().is_some() {
        let stack = gridflock::generate_stack(&spec, &plan)?;
        files::write_atomic(&out.join("stack.stl"), &stl_bytes(&stack)?)?;
    }
    files::write_atomic(&out.join("plan.json"), format!("{}\n", pretty(&report)?).as_bytes())?;
    if timing {
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
        let (plan_ms, mesh_ms) = (ms(planned), ms(meshed) - ms(planned));
        let write_ms = ms(watch.elapsed()) - ms(meshed);
        let text = format!("plan {plan_ms:.1} ms, meshes {mesh_ms:.1} ms, files {write_ms:.1} ms");
        writeln!(std::io::stderr(), "{text}").context("cannot write to stderr")?;
    }
    Ok(())
}

/// One file with all plates and all keys as named objects.
fn write_set(
    out: &Path,
    plan: &Plan,
    made: &[Made],
    key: Option<&Mesh>,
    report: &mut PlanReport,
) -> Result<(), Failure> {
    let names: Vec<String> = report.plates.iter().map(|plate| plate.slot.clone()).collect();
    let keys: Vec<String> = (1..=plan.keys_n).map(|number| format!("key{number}")).collect();
    let plates = names.iter().zip(made).map(|(name, made)| Object { name, mesh: &made.mesh });
    let keys = key.into_iter().flat_map(|mesh| keys.iter().map(move |name| Object { name, mesh }));
    let objects: Vec<Object<'_>> = plates.chain(keys).collect();
    let mut bytes = Vec::new();
    write_3mf(&objects, &mut bytes).context("cannot write 3MF")?;
    files::write_atomic(&out.join("set.3mf"), &bytes)?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    for plate in &mut report.plates {
        plate.file = Some("set.3mf".to_owned());
        plate.sha256 = Some(sha256.clone());
    }
    for part in &mut report.parts {
        measure(part, key);
        (part.files, part.sha256) = (vec!["set.3mf".to_owned()], vec![sha256.clone()]);
    }
    Ok(())
}

/// All keys, as many in one file as a bed holds.
fn write_keys(
    out: &Path,
    spec: &GridSpec,
    plan: &Plan,
    key: &Mesh,
    report: &mut PlanReport,
) -> Result<(), Failure> {
    for part in &mut report.parts {
        measure(part, Some(key));
        for (number, bed) in (1..).zip(gridflock::lay_out_keys(spec, plan, key)) {
            let number: usize = number;
            let name = if number == 1 { "keys.stl".to_owned() } else { format!("keys-{number}.stl") };
            let bytes = stl_bytes(&bed)?;
            part.sha256.push(hex::encode(Sha256::digest(&bytes)));
            files::write_atomic(&out.join(&name), &bytes)?;
            part.files.push(name);
        }
    }
    Ok(())
}

fn measure(part: &mut PartReport, one: Option<&Mesh>) {
    part.volume_mm3 = one.map(|mesh| (mesh.volume_mm3() * 1000.0).round() / 1000.0);
    part.triangles = one.map(Mesh::triangles_n);
}

/// Makes all plates, `threads` at a time; the order of the result is that of the plan.
fn make_all(spec: &GridSpec, plan: &Plan, format: Format, threads: usize) -> Result<Vec<Made>, Failure> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Mesh, GenerateError>)>> = Mutex::new(Vec::new());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(plate) = plan.plates.get(index) else {
                return;
            };
            let mesh = gridflock::generate_plate(spec, plan, plate.slot);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, mesh));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(plan.plates.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut meshes = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    meshes.sort_by_key(|(index, _)| *index);
    let mut made = Vec::with_capacity(meshes.len());
    for (_, mesh) in meshes {
        let mesh = mesh?;
        let stl = if format == Format::Stl { stl_bytes(&mesh)? } else { Vec::new() };
        made.push(Made { mesh, stl });
    }
    Ok(made)
}
