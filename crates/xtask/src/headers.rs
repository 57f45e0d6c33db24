//! `dist/_headers`: what the platform sends along with the files of the app.
//!
//! Rules are applied from top to bottom. A header that two rules set is sent with both values joined, unless the later
//! rule drops the earlier value first with `!`.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::fingerprint::files_below;

pub const FILE: &str = "_headers";

/// The platform reads no more rules and no longer lines than these.
const MOST_RULES: usize = 100;
const LONGEST_LINE: usize = 2000;

/// The text of `_headers` for what Trunk left in `dist`.
pub fn for_files_in(dist: &Path) -> Result<String> {
    let files = files_below(dist, &[FILE])?;
    // What one page may run is harmless on another: one policy covers them all.
    let mut pages = String::new();
    for page in files.iter().filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "html")
    }) {
        pages += &std::fs::read_to_string(page)
            .with_context(|| format!("{} cannot be read", page.display()))?;
    }
    let hashed = files.iter().filter_map(|file| {
        let relative = file.strip_prefix(dist).ok()?.to_str()?;
        is_hashed(relative).then(|| format!("/{relative}"))
    });
    let text = render(
        &content_security_policy(&pages),
        &hashed.collect::<Vec<_>>(),
    );
    let rules = text.lines().filter(|line| line.starts_with('/')).count();
    anyhow::ensure!(
        rules <= MOST_RULES,
        "{rules} rules in {FILE}; the platform reads {MOST_RULES}"
    );
    let longest = text.lines().map(str::len).max().unwrap_or_default();
    anyhow::ensure!(
        longest <= LONGEST_LINE,
        "a line of {longest} bytes in {FILE}; the platform reads {LONGEST_LINE}"
    );
    Ok(text)
}

fn render(policy: &str, hashed: &[String]) -> String {
    // No X-Frame-Options: Telegram's web client shows the app in a frame, which only frame-ancestors can allow.
    let mut text = format!(
        "/*\n  \
         Content-Security-Policy: {policy}\n  \
         X-Content-Type-Options: nosniff\n  \
         Referrer-Policy: no-referrer\n  \
         Strict-Transport-Security: max-age=63072000; includeSubDomains\n  \
         Cache-Control: no-cache\n"
    );
    for path in hashed {
        text += &format!(
            "\n{path}\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n"
        );
    }
    text
}

/// What pages of the app may load, and who may frame them.
fn content_security_policy(html: &str) -> String {
    let scripts = sources(
        "'self' 'wasm-unsafe-eval' https://telegram.org",
        &inline_hashes(html, "script"),
    );
    let styles = sources("'self'", &inline_hashes(html, "style"));
    [
        "default-src 'self'".to_owned(),
        format!("script-src {scripts}"),
        format!("style-src {styles}"),
        "img-src 'self' data:".to_owned(),
        "connect-src 'self'".to_owned(),
        "object-src 'none'".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        "frame-ancestors https://web.telegram.org https://*.telegram.org".to_owned(),
    ]
    .join("; ")
}

fn sources(fixed: &str, hashes: &[String]) -> String {
    hashes
        .iter()
        .fold(fixed.to_owned(), |list, hash| format!("{list} '{hash}'"))
}

/// `sha256-...` of every element of this name that carries its content in the page.
fn inline_hashes(html: &str, element: &str) -> Vec<String> {
    let open = format!("<{element}");
    let close = format!("</{element}>");
    let mut hashes = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(&open) {
        rest = &rest[at + open.len()..];
        let Some(end_of_tag) = end_of_tag(rest) else {
            break;
        };
        let attributes = &rest[..end_of_tag];
        rest = &rest[end_of_tag + 1..];
        // Another element whose name only begins so.
        if !attributes.is_empty() && !attributes.starts_with(char::is_whitespace) {
            continue;
        }
        let Some(end) = rest.find(&close) else { break };
        let content = &rest[..end];
        rest = &rest[end + close.len()..];
        if !has_attribute(attributes, "src") && !content.is_empty() {
            let hash = format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)));
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
    }
    hashes
}

/// Where the `>` of a tag is; one within quotes belongs to a value.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, character)| {
        match (quote, character) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            _ => {}
        }
        None
    })
}

fn has_attribute(attributes: &str, name: &str) -> bool {
    attributes.split_whitespace().any(|attribute| {
        attribute
            .split('=')
            .next()
            .is_some_and(|attribute| attribute.eq_ignore_ascii_case(name))
    })
}

/// Whether Trunk put the hash of the content into the name: `app-0f3a..._bg.wasm`, `main-0f3a....css`.
fn is_hashed(path: &str) -> bool {
    let Some((stem, extension)) = path.rsplit_once('.') else {
        return false;
    };
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    let Some((_, hash)) = stem.rsplit_once('-') else {
        return false;
    };
    // Trunk writes 64 bits without leading zeros; fewer than 10 digits of hexadecimal could be a word.
    let is_hash = (10..=16).contains(&hash.len())
        && hash
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    extension != "html" && is_hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_carry_their_contents_hash_are_immutable() {
        assert!(is_hashed("app-51fb3f2c6ac0b4c1.js"));
        assert!(is_hashed("app-51fb3f2c6ac0b4c1_bg.wasm"));
        assert!(is_hashed("main-1fb3f2c6ac0b4c1.css"));
        assert!(is_hashed("icon-51fb3f2c6ac0b4c1.svg"));
        assert!(!is_hashed("index.html"));
        assert!(!is_hashed("app.js"));
        assert!(!is_hashed("page-51fb3f2c6ac0b4c1.html"));
        assert!(!is_hashed("some-feature.js"));
        assert!(!is_hashed("snippets/app-51fb3f2c6ac0b4c1/inline0.js"));
    }

    #[test]
    fn every_inline_script_is_allowed_by_its_hash_and_no_other() {
        let html = "<html><script src=\"/a.js\">// not run</script><script type=\"module\">alert('Hello, world.');</script>\
                    <scripted>no</scripted><script data-x=\"a>b\">1</script></html>";
        // The first hash is the example of the CSP specification.
        let expected = [
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=",
            "sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=",
        ];
        assert_eq!(inline_hashes(html, "script"), expected);
        assert_eq!(inline_hashes(html, "style"), Vec::<String>::new());
        let policy = content_security_policy(html);
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' https://telegram.org 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"));
        assert!(!policy.contains("unsafe-inline"));
    }

    #[test]
    fn every_page_may_run_its_own_scripts() {
        let dist = std::env::temp_dir().join(format!("loadboard-headers-{}", std::process::id()));
        std::fs::create_dir_all(&dist).unwrap();
        for (page, script) in [("index.html", "a()"), ("orders.html", "b()")] {
            std::fs::write(dist.join(page), format!("<script>{script}</script>")).unwrap();
        }
        let text = for_files_in(&dist);
        std::fs::remove_dir_all(&dist).unwrap();
        let text = text.unwrap();
        for script in ["a()", "b()"] {
            let hash = BASE64_STANDARD.encode(Sha256::digest(script));
            assert!(text.contains(&format!("'sha256-{hash}'")), "{script}");
        }
    }

    #[test]
    fn everything_is_revalidated_but_what_is_hashed() {
        let text = render(
            "default-src 'self'",
            &["/app-51fb3f2c6ac0b4c1.js".to_owned()],
        );
        let (all, hashed) = text.split_once("\n\n").unwrap();
        assert!(all.starts_with("/*\n  Content-Security-Policy: default-src 'self'\n"));
        assert!(all.ends_with("\n  Cache-Control: no-cache"));
        assert_eq!(
            hashed,
            "/app-51fb3f2c6ac0b4c1.js\n  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n"
        );
        assert!(!text.contains("X-Frame-Options"));
    }
}
