//! `cargo xtask bench patch`: what a poll's answer costs on its way to the page, beside other ways.
//! tests/bench/patch/run.mjs measures.

use std::ffi::OsString;

use anyhow::Result;

use crate::processes;
use crate::project::Project;
use crate::setup::{self, Needs};
use crate::step::step;
use crate::toolchain::WASM;
use crate::workspace::Workspace;

/// The app's own parse, price book and cards.
const PACKAGE: &str = "bench-patch";

/// Builds the app's part as the app is built, and measures. `arguments` are those of run.mjs.
pub fn run(project: &Project, arguments: &[OsString]) -> Result<()> {
    let environment = setup::run(project, Needs::to_build_and_browse())?;
    let workspace = Workspace::read(project, &environment)?;
    let chrome = &environment.found_browser()?.chrome;
    let folder = workspace.target.join(PACKAGE);
    step(&format!("building {PACKAGE}"), || {
        let mut cargo = environment.command("cargo");
        cargo
            .current_dir(&project.root)
            .args(["build", "--quiet", "--release", "--target", WASM])
            .args(["--package", PACKAGE]);
        processes::run(&mut cargo)?;
        let mut bindgen = environment.command("wasm-bindgen");
        bindgen
            .args(["--target", "web", "--out-name", "app", "--out-dir"])
            .arg(&folder)
            .arg(workspace.target.join(WASM).join("release/bench_patch.wasm"));
        processes::run(&mut bindgen)?;
        let wasm = folder.join("app_bg.wasm");
        let mut wasm_opt = environment.command("wasm-opt");
        wasm_opt
            // What rustc uses by default: with all features on, the output is one that browsers refuse.
            .args(["--enable-bulk-memory", "--enable-reference-types"])
            .args(["--enable-sign-ext", "--enable-nontrapping-float-to-int"])
            .args(["--enable-mutable-globals", "--enable-multivalue"])
            // As in app/shrink.mjs.
            .args(["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"])
            .arg(&wasm)
            .arg("-o")
            .arg(&wasm);
        processes::run(&mut wasm_opt)
    })?;
    let mut node = environment.command("node");
    node.current_dir(&project.root)
        .arg("tests/bench/patch/run.mjs")
        .args(arguments)
        .env("BENCH_PATCH_DIR", &folder)
        .env("CHROME", chrome);
    processes::run(&mut node)
}
