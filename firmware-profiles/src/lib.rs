//! Profiles of firmwares, printers and materials.
