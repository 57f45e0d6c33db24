//! Whether what was built is small enough for the platform.

use std::path::Path;

use anyhow::Result;

use super::checks::Findings;
use crate::fingerprint::files_below;
use crate::headers;

/// Gzipped: the least that the platform has ever granted to any plan. What grows beyond it starts slowly everywhere.
const LARGEST_WORKER_KIB: f64 = 3.0 * 1024.0;
/// As it is: what the platform takes at most.
const LARGEST_UNPACKED_KIB: f64 = 64.0 * 1024.0;
/// Of the smallest plan.
const MOST_FILES: usize = 20_000;
const LARGEST_FILE: u64 = 25 * 1024 * 1024;
/// Without these nobody sees anything.
const PAGES: [&str; 3] = ["index.html", "orders.html", headers::FILE];

/// What is wrong with the files of the app.
pub fn of_assets(dist: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    let files = files_below(dist, &[])?;
    let mut largest = 0;
    for file in &files {
        let bytes = file.metadata()?.len();
        largest = largest.max(bytes);
        if bytes > LARGEST_FILE {
            let name = file.strip_prefix(dist).unwrap_or(file).display();
            findings.wrong.push(format!(
                "dist/{name} has {bytes} bytes, and the platform takes {LARGEST_FILE}"
            ));
        }
    }
    if files.len() > MOST_FILES {
        findings.wrong.push(format!(
            "dist/ has {} files, and the platform takes {MOST_FILES}",
            files.len()
        ));
    }
    for page in PAGES {
        if !dist.join(page).is_file() {
            findings.wrong.push(format!("dist/{page} is not there"));
        }
    }
    let kib = largest / 1024;
    findings.notes.push(format!(
        "the app has {} files, the largest of {kib} KiB",
        files.len()
    ));
    Ok(findings)
}

/// The same of the Worker, by what wrangler says of it.
pub fn of_worker(said: &str) -> Findings {
    let mut findings = Findings::default();
    let Some((unpacked, gzipped)) = total_upload(said) else {
        let text = "wrangler does not say how large the Worker is: look for `Total Upload` in what it prints";
        findings.wrong.push(text.to_owned());
        return findings;
    };
    for (kib, most, how) in [
        (gzipped, LARGEST_WORKER_KIB, "gzipped"),
        (unpacked, LARGEST_UNPACKED_KIB, "unpacked"),
    ] {
        if kib > most {
            findings.wrong.push(format!(
                "the Worker has {kib} KiB {how}, and may have {most}"
            ));
        }
    }
    findings.notes.push(format!(
        "the Worker has {gzipped} KiB gzipped, and may have {LARGEST_WORKER_KIB}"
    ));
    findings
}

/// Of `Total Upload: 1493.23 KiB / gzip: 527.40 KiB` both numbers.
fn total_upload(said: &str) -> Option<(f64, f64)> {
    let (_, sizes) = said.split_once("Total Upload: ")?;
    let (unpacked, gzipped) = sizes.lines().next()?.split_once(" / gzip: ")?;
    let kib = |text: &str| text.trim().strip_suffix("KiB")?.trim().parse().ok();
    Some((kib(unpacked)?, kib(gzipped)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_measured_by_what_wrangler_says() {
        let said =
            "reading\nTotal Upload: 1493.23 KiB / gzip: 527.40 KiB\nYour Worker has access to";
        assert_eq!(total_upload(said), Some((1493.23, 527.40)));
        assert_eq!(of_worker(said).wrong, Vec::<String>::new());
        for said in [
            "",
            "Total Upload: lots",
            "Total Upload: 5000.00 KiB / gzip: 3072.01 KiB",
            "Total Upload: 65536.01 KiB / gzip: 3000.00 KiB",
        ] {
            assert_eq!(of_worker(said).wrong.len(), 1, "{said}");
        }
    }

    #[test]
    fn an_app_without_its_pages_is_found() {
        let dist = std::env::temp_dir().join(format!("loadboard-sizes-{}", std::process::id()));
        std::fs::create_dir_all(&dist).unwrap();
        for page in PAGES {
            std::fs::write(dist.join(page), "").unwrap();
        }
        let complete = of_assets(&dist);
        std::fs::remove_file(dist.join("orders.html")).unwrap();
        let lacking = of_assets(&dist);
        std::fs::remove_dir_all(&dist).unwrap();
        assert_eq!(complete.unwrap().wrong, Vec::<String>::new());
        assert_eq!(lacking.unwrap().wrong, ["dist/orders.html is not there"]);
    }
}
