//! Writes the API's document, which the Worker serves as it is.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::var_os("OUT_DIR").ok_or("cargo says where to write")?;
    fs::write(
        Path::new(&folder).join("openapi.json"),
        api_schema::document(),
    )?;
    // It is made of crates alone, and cargo builds this anew when one of them changes.
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
