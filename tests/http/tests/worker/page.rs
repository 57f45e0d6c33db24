//! The page of the app, as the platform serves it: Telegram may frame it, and its own scripts may run.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use tests_http::{Loadboard, Reply};

/// The sources that a directive of the Content-Security-Policy allows.
fn allowed<'a>(page: &'a Reply, directive: &str) -> Vec<&'a str> {
    page.expect_header("content-security-policy")
        .split(';')
        .map(|directive| directive.split_whitespace().collect::<Vec<_>>())
        .find(|words| words.first() == Some(&directive))
        .map_or_else(Vec::new, |words| words[1..].to_vec())
}

/// The content of every script that stands in the page itself.
fn inline_scripts(html: &str) -> Vec<&str> {
    html.split("<script")
        .skip(1)
        .filter_map(|rest| {
            let (attributes, rest) = rest.split_once('>')?;
            let (content, _) = rest.split_once("</script>")?;
            (!attributes.contains("src=") && !content.is_empty()).then_some(content)
        })
        .collect()
}

/// The incumbent's own policy blocks its own scripts.
#[tokio::test]
async fn the_page_may_run_its_own_scripts_and_no_others() {
    let page = Loadboard::from_environment().get("/").await;
    page.expect_status(200);
    let scripts = allowed(&page, "script-src");
    assert!(
        scripts.contains(&"'self'") && scripts.contains(&"'wasm-unsafe-eval'"),
        "{scripts:?}"
    );
    assert!(
        !scripts.contains(&"'unsafe-inline'") && !scripts.contains(&"*"),
        "{scripts:?}"
    );
    for script in inline_scripts(&page.body) {
        let hash = format!(
            "'sha256-{}'",
            BASE64_STANDARD.encode(Sha256::digest(script))
        );
        assert!(
            scripts.contains(&hash.as_str()),
            "{hash} is not in {scripts:?}"
        );
    }
}

/// The incumbent's `X-Frame-Options: DENY` keeps Telegram's web client from showing it.
#[tokio::test]
async fn telegram_may_frame_the_page() {
    let page = Loadboard::from_environment()
        .get("/?tgWebAppStartParam=x")
        .await;
    page.expect_status(200);
    assert_eq!(page.header("x-frame-options"), None);
    let ancestors = allowed(&page, "frame-ancestors");
    assert!(
        ancestors.contains(&"https://web.telegram.org"),
        "{ancestors:?}"
    );
    assert_eq!(page.expect_header("x-content-type-options"), "nosniff");
}
