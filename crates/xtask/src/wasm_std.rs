//! The standard library for wasm, built from the compiler's own source where it cannot be downloaded.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::environment::rustflags;
use crate::project::Project;
use crate::system::System;
use crate::toolchain::{Toolchain, WASM};
use crate::{processes, tools};

/// Which compiler the library was built by; a file beside the library's own.
const STAMP: &str = "built-by";

/// Whether `libraries` holds a standard library at all.
pub fn is_in(libraries: &Path) -> bool {
    let has = |prefix: &str| {
        libraries.read_dir().is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with(prefix) && name.ends_with(".rlib")
            })
        })
    };
    has("libstd-") && has("libtest-")
}

/// Whether the library in `libraries` was built by this very compiler, and for link-time optimisation.
/// Known from the stamp; without one it is tried out, once.
pub fn is_sound(project: &Project, toolchain: &Toolchain, libraries: &Path) -> bool {
    let Ok(version) = toolchain.version() else {
        return false;
    };
    let stamp = libraries.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|built_by| built_by == version) {
        return true;
    }
    let sound = links(&project.scratch("probe"), toolchain).is_ok();
    if sound {
        // Not being allowed to write here costs the next run another trial, nothing else.
        let _ = fs::write(&stamp, version);
    }
    sound
}

/// Builds the library with `toolchain` and puts it where that looks for it.
pub fn build(project: &Project, system: System, toolchain: &Toolchain) -> Result<()> {
    let folder = tools::cache_folder()?.join("wasm-std");
    // Nothing of an earlier attempt, perhaps with another compiler, may end up among the libraries.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(folder.join("src"))
        .with_context(|| format!("{} cannot be written", folder.display()))?;
    let manifest =
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let mut cargo = toolchain.command("cargo");
    cargo
        .current_dir(&folder)
        .args([
            "build",
            "--release",
            "--target",
            WASM,
            "-Z",
            "build-std=std,panic_abort,test",
        ])
        .arg("--target-dir")
        .arg(folder.join("target"))
        // Debian's compiler is a stable one, which knows build-std but admits it only so.
        .env("RUSTC_BOOTSTRAP", "1");
    // Link-time optimisation reads bitcode, as in the libraries that rustup brings.
    rustflags(&mut cargo, "-Cembed-bitcode=yes");
    processes::run(&mut cargo)?;

    let ready = folder.join("lib");
    fs::create_dir_all(&ready)?;
    let built = folder.join("target").join(WASM).join("release/deps");
    let entries = built.read_dir();
    for entry in entries.with_context(|| format!("{} cannot be read", built.display()))? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libnothing-") {
            fs::copy(built.join(&name), ready.join(&name))?;
        }
    }
    fs::write(ready.join(STAMP), toolchain.version()?)?;
    put_into_place(system, &ready, &toolchain.wasm_libraries()?)?;
    fs::remove_dir_all(&folder)
        .with_context(|| format!("{} cannot be removed", folder.display()))?;
    // What was compiled against an older library does not go with the new one, and cargo cannot know.
    let mut clean = toolchain.command("cargo");
    clean
        .current_dir(&project.root)
        .args(["clean", "--quiet", "--target", WASM]);
    processes::run(&mut clean)
}

/// Replaces `libraries`, which belong to root: an older compiler's among the new ones would be found first or twice.
fn put_into_place(system: System, ready: &Path, libraries: &Path) -> Result<()> {
    let is_expected = libraries.ends_with(format!("{WASM}/lib"));
    ensure!(
        is_expected,
        "an odd place for libraries: {}",
        libraries.display()
    );
    let (ready, libraries) = (ready.display(), libraries.display());
    let script =
        format!("rm -rf '{libraries}' && mkdir -p '{libraries}' && cp '{ready}'/* '{libraries}'");
    let Some(mut shell) = system.as_root("sh") else {
        bail!(
            "this needs root; run it once, then the same command again:\n\n    sudo sh -c \"{script}\"\n"
        );
    };
    processes::run(shell.args(["-c", &script]))
}

/// Compiles a few lines that need the library, with link-time optimisation as in a release.
fn links(scratch: &Path, toolchain: &Toolchain) -> Result<()> {
    fs::create_dir_all(scratch)?;
    let source = scratch.join("probe.rs");
    fs::write(
        &source,
        "#[unsafe(no_mangle)]\npub extern \"C\" fn probe() -> usize {\n    std::env::args().count()\n}\n",
    )?;
    let mut rustc = toolchain.command("rustc");
    rustc.arg(&source).args([
        "--edition=2024",
        "--crate-type=cdylib",
        "--target",
        WASM,
        "-Copt-level=1",
        "-Clto=fat",
    ]);
    rustc.arg("-o").arg(scratch.join("probe.wasm"));
    processes::run_quietly(&mut rustc, std::time::Duration::from_secs(120)).map(drop)
}
