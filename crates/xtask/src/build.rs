//! Builds the app into dist/ and the Worker into edge/build/, and neither when nothing changed since.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::environment::{self, Environment};
use crate::fingerprint::{Fingerprint, files_below};
use crate::headers;
use crate::node;
use crate::processes;
use crate::project::Project;
use crate::step::step;
use crate::workspace::Workspace;

/// One of the two programs that ship.
struct Program {
    package: &'static str,
    /// Where its build is put.
    output: &'static str,
    /// The file without which nothing was built.
    main: &'static str,
    build: fn(&Project, &Environment) -> Result<()>,
}

const PROGRAMS: [Program; 2] = [
    Program {
        package: "app",
        output: "dist",
        main: "index.html",
        build: |project, environment| app(project, environment, Path::new("dist"), Names::LeftOut),
    },
    Program {
        package: "edge",
        output: "edge/build",
        main: "index.js",
        build: |project, environment| worker(project, environment, "edge"),
    },
];

/// What both are built from, besides sources: versions, profiles, and the tools from npm.
const SETTINGS: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "package-lock.json",
    "Trunk.toml",
    DRIVERS.html,
    OPERATORS.html,
];

/// A page of the app, and the program that it loads.
struct Page {
    html: &'static str,
    program: &'static str,
}

const DRIVERS: Page = Page {
    html: "index.html",
    program: "loadboard",
};
const OPERATORS: Page = Page {
    html: "orders.html",
    program: "orders",
};

/// Builds what changed.
pub fn run(project: &Project, environment: &Environment) -> Result<()> {
    let workspace = Workspace::read(project, environment)?;
    let mut fetched = false;
    for program in &PROGRAMS {
        let sources = program.sources(project, environment, &workspace)?;
        let stamp = project.scratch(format!("{}.built", program.package));
        let is_built = fs::read_to_string(&stamp).is_ok_and(|built| {
            program
                .result(project)
                .is_ok_and(|result| built == format!("{sources} {result}"))
        });
        if is_built {
            continue;
        }
        if !fetched {
            // Trunk works offline, so that it fetches no tools of its own; crates must be there by then.
            step("cargo fetch", || {
                processes::run(
                    environment
                        .command("cargo")
                        .arg("fetch")
                        .current_dir(&project.root),
                )
            })?;
            fetched = true;
        }
        step(
            &format!("building {} into {}", program.package, program.output),
            || (program.build)(project, environment),
        )?;
        fs::create_dir_all(project.scratch(""))?;
        fs::write(&stamp, format!("{sources} {}", program.result(project)?))
            .context("the build cannot be noted")?;
    }
    write_headers(&project.path("dist"))
}

/// The names of the app's builds, which the Worker tells whoever polls: those of its programs, with a comma. None without
/// a build.
pub fn id(project: &Project) -> Result<Option<String>> {
    let dist = project.path("dist");
    if !dist.exists() {
        return Ok(None);
    }
    let names = fs::read_dir(&dist)
        .with_context(|| format!("{} cannot be read", dist.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut ids: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix("_bg.wasm")?.to_owned()))
        .collect();
    ids.sort();
    Ok(Some(ids.join(",")).filter(|ids| !ids.is_empty()))
}

/// Stops unless both programs were built at some time.
pub fn require_built(project: &Project) -> Result<()> {
    for program in &PROGRAMS {
        let main = project.path(program.output).join(program.main);
        if !main.exists() {
            bail!(
                "{}/{} is not there; run this once without --no-build",
                program.output,
                program.main
            );
        }
    }
    Ok(())
}

impl Program {
    /// A fingerprint of everything that this program is made from.
    fn sources(
        &self,
        project: &Project,
        environment: &Environment,
        workspace: &Workspace,
    ) -> Result<String> {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add("toolchain", environment.toolchain.version()?.as_bytes());
        for tool in ["trunk", "worker-build", "wasm-bindgen"] {
            // The folder of a tool names its version.
            let place = environment.find(tool).unwrap_or_default();
            fingerprint.add(tool, place.as_os_str().as_encoded_bytes());
        }
        for file in SETTINGS {
            fingerprint.add_file(project, file)?;
        }
        let folders = workspace.sources_of(self.package);
        if folders.is_empty() {
            bail!("this workspace has no package `{}`", self.package);
        }
        for folder in folders {
            fingerprint.add_folder(folder, &["build", "target", "tests"])?;
        }
        if self.package == "app" {
            for page in [DRIVERS, OPERATORS] {
                let html = fs::read_to_string(project.path(page.html)).unwrap_or_default();
                for asset in trunk_assets(&html) {
                    fingerprint.add_file_or_folder(project, asset)?;
                }
            }
        }
        Ok(fingerprint.finish())
    }

    /// A fingerprint of what was built: another build, or none, is not the one that was noted.
    fn result(&self, project: &Project) -> Result<String> {
        let output = project.path(self.output);
        if !output.join(self.main).exists() {
            bail!("the build left no {}/{}", self.output, self.main);
        }
        let mut fingerprint = Fingerprint::default();
        fingerprint.add_folder(&output, &[headers::FILE])?;
        Ok(fingerprint.finish())
    }
}

/// What becomes of the names of functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Names {
    LeftOut,
    Kept,
}

/// Builds both pages of the app into a folder.
pub fn app(
    project: &Project,
    environment: &Environment,
    folder: &Path,
    names: Names,
) -> Result<()> {
    page(project, environment, &DRIVERS, folder, names)?;
    // Trunk empties the folder that it fills.
    let aside = project.scratch("orders-page");
    page(project, environment, &OPERATORS, &aside, names)?;
    for file in files_below(&aside, &[])? {
        let name = file.file_name().context("a file has a name")?;
        fs::copy(&file, project.path(folder).join(name))
            .with_context(|| format!("{} cannot be copied", file.display()))?;
    }
    Ok(())
}

fn page(
    project: &Project,
    environment: &Environment,
    page: &Page,
    folder: &Path,
    names: Names,
) -> Result<()> {
    let mut trunk = environment.command("trunk");
    environment::rustflags(&mut trunk, &users_flags());
    trunk
        .current_dir(&project.root)
        .args(["build", page.html, "--release", "--offline"])
        .args(["--html-output", page.html, "--dist"])
        .arg(folder);
    // Trunk takes only `true` or `false` here, where the convention is any value.
    if std::env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    processes::run(&mut trunk)?;
    let mut shrink = environment.command("node");
    shrink
        .current_dir(&project.root)
        .arg("app/shrink.mjs")
        .arg(folder)
        .args([page.program, page.html]);
    if names == Names::Kept {
        shrink.arg("--keep-names");
    }
    processes::run(&mut shrink)
}

/// Builds the Worker in `folder` as Workers ship.
pub fn worker(project: &Project, environment: &Environment, folder: &str) -> Result<()> {
    let mut worker_build = environment.command("worker-build");
    environment::rustflags(&mut worker_build, &users_flags());
    worker_build
        .current_dir(&project.root)
        .args(["--profile", "worker", folder]);
    let wasm_bindgen = environment
        .find("wasm-bindgen")
        .context("wasm-bindgen is not where it was just now")?;
    worker_build.env("WASM_BINDGEN_BIN", wasm_bindgen);
    for (variable, program) in [("WASM_OPT_BIN", "wasm-opt"), ("ESBUILD_BIN", "esbuild")] {
        worker_build.env(variable, node::program(project, program));
    }
    processes::run(&mut worker_build)
}

fn users_flags() -> String {
    std::env::var("RUSTFLAGS").unwrap_or_default()
}

fn write_headers(dist: &Path) -> Result<()> {
    let file = dist.join(headers::FILE);
    let text = headers::for_files_in(dist)?;
    // wrangler watches the folder: what did not change is not written.
    if fs::read_to_string(&file).is_ok_and(|written| written == text) {
        return Ok(());
    }
    fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Files and folders that a page gives to Trunk.
fn trunk_assets(index: &str) -> Vec<&str> {
    let tags = index.split('<').filter(|tag| tag.contains("data-trunk"));
    tags.filter_map(|tag| tag.split_once("href=\"")?.1.split('"').next())
        .filter(|href| !href.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_index_html_gives_to_trunk_is_found() {
        let index = r#"<link data-trunk rel="rust" href="app/Cargo.toml" data-wasm-opt="z">
            <link rel="icon" href="data:,"><link rel="css" href="style/main.css" data-trunk>"#;
        assert_eq!(trunk_assets(index), ["app/Cargo.toml", "style/main.css"]);
    }
}
