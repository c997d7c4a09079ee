//! Materials: the temperatures a plate is sliced with, the limits no G-code may leave, and what a gram is worth in length.
use crate::read::{Sink, Source, Table};

/// A filament material. Temperatures in °C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Name as people and assignments say it, such as `PLA`.
    pub name: String,
    /// Nozzle temperature.
    pub nozzle_c: u32,
    /// Nozzle temperature of the first layer.
    pub nozzle_first_c: u32,
    /// Least nozzle temperature with which this material may be extruded.
    pub nozzle_min_c: u32,
    /// Highest nozzle temperature that any G-code for this material may ask for.
    pub nozzle_max_c: u32,
    /// Bed temperature.
    pub bed_c: u32,
    /// Highest bed temperature that any G-code for this material may ask for.
    pub bed_max_c: u32,
    /// Density in mg/cm³.
    pub density_mg_cm3: u32,
    /// Filament diameter in µm.
    pub diameter_um: u32,
    /// Fastest melt in mm³/s.
    pub volume_mm3_s_max: u32,
    /// Fan with the part cooling at its least, percent.
    pub fan_min_percent: u32,
    /// Fan with the part cooling at its most, percent.
    pub fan_max_percent: u32,
}

impl Material {
    /// The filament layer for the slicer, to be loaded after the profile's [`slicer_ini`](crate::Profile::slicer_ini).
    #[must_use]
    pub fn slicer_ini(&self) -> String {
        let (density, diameter) = (thousandths(self.density_mg_cm3), thousandths(self.diameter_um));
        format!(
            "filament_type = {}\nfilament_diameter = {diameter}\nfilament_density = {density}\nextrusion_multiplier = 1\n\
             filament_max_volumetric_speed = {}\ntemperature = {}\nfirst_layer_temperature = {}\nbed_temperature = {}\n\
             first_layer_bed_temperature = {}\ncooling = 1\nfan_always_on = 1\nmin_fan_speed = {}\nmax_fan_speed = {}\n\
             disable_fan_first_layers = 1\n",
            self.name,
            self.volume_mm3_s_max,
            self.nozzle_c,
            self.nozzle_first_c,
            self.bed_c,
            self.bed_c,
            self.fan_min_percent,
            self.fan_max_percent,
        )
    }
}

/// `1240` → `1.240`: without floating point, so that the text is the same everywhere.
fn thousandths(number: u32) -> String {
    format!("{}.{:03}", number / 1000, number % 1000)
}

/// Reads `materials.toml`.
pub(crate) fn read(file: &str, text: &str, sink: &mut Sink) -> Vec<Material> {
    let mut source = Source { file, text, sink };
    let (parsed, errors) = toml::de::DeTable::parse_recoverable(text);
    if !source.accept(&errors) {
        return Vec::new();
    }
    let mut top = Table::top(&parsed);
    let mut materials = Vec::new();
    for name in top.keys() {
        let mut table = top.table(&mut source, &name);
        materials.push(one(name, &mut table, &mut source));
        table.finish(&mut source);
    }
    top.finish(&mut source);
    materials
}

fn one(name: String, table: &mut Table<'_>, s: &mut Source<'_>) -> Material {
    let material = Material {
        nozzle_c: table.number(s, "nozzle_c", 150..=450),
        nozzle_first_c: table.number(s, "nozzle_first_c", 150..=450),
        nozzle_min_c: table.number(s, "nozzle_min_c", 150..=450),
        nozzle_max_c: table.number(s, "nozzle_max_c", 150..=450),
        bed_c: table.number(s, "bed_c", 0..=150),
        bed_max_c: table.number(s, "bed_max_c", 0..=150),
        density_mg_cm3: table.number(s, "density_mg_cm3", 500..=5_000),
        diameter_um: table.number(s, "diameter_um", 1_000..=3_500),
        volume_mm3_s_max: table.number(s, "volume_mm3_s_max", 1..=60),
        fan_min_percent: table.number(s, "fan_min_percent", 0..=100),
        fan_max_percent: table.number(s, "fan_max_percent", 0..=100),
        name,
    };
    let nozzle = material.nozzle_min_c..=material.nozzle_max_c;
    if !nozzle.contains(&material.nozzle_c) || !nozzle.contains(&material.nozzle_first_c) {
        s.fault(table.offset(), format!("`{}`: nozzle temperatures leave their own limits", material.name));
    }
    if material.bed_c > material.bed_max_c || material.fan_min_percent > material.fan_max_percent {
        s.fault(table.offset(), format!("`{}`: bed or fan figures contradict each other", material.name));
    }
    material
}
