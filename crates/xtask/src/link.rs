//! The development link: the app as Telegram opens it, signed for a driver who does not exist.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// The first Bot API with everything that the app may use.
const VERSION: &str = "9.1";

/// What Telegram calls the message that this driver opened the app by.
pub const QUERY_ID: &str = "AAHdF6IQAAAAAN0XohDhrOrc";

/// A link to the app at `origin`, with initData that `bot_token` signed now.
pub fn to_app(origin: &str, bot_token: &str) -> Result<String> {
    Ok(build(origin, bot_token, now()?))
}

/// The initData of that link alone.
pub fn init_data(bot_token: &str) -> Result<String> {
    Ok(signed(bot_token, now()?))
}

/// Seconds since 1970.
fn now() -> Result<u64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock of this machine is before 1970")?;
    Ok(now.as_secs())
}

fn signed(bot_token: &str, auth_date: u64) -> String {
    let driver = json!({
        "id": 5_000_000_001_u64,
        "first_name": "Алексей",
        "last_name": "Водитель",
        "username": "dev_driver",
        "language_code": "ru",
        "allows_write_to_pm": true,
    });
    telegram::init_data::sign(
        bot_token,
        &[
            ("query_id", QUERY_ID),
            ("user", &driver.to_string()),
            ("auth_date", &auth_date.to_string()),
        ],
    )
}

fn build(origin: &str, bot_token: &str, auth_date: u64) -> String {
    let init_data = signed(bot_token, auth_date);
    // Telegram's light theme on iOS.
    let theme = json!({
        "bg_color": "#ffffff",
        "text_color": "#000000",
        "hint_color": "#707579",
        "link_color": "#3390ec",
        "button_color": "#3390ec",
        "button_text_color": "#ffffff",
        "secondary_bg_color": "#f4f4f5",
        "header_bg_color": "#ffffff",
        "bottom_bar_bg_color": "#ffffff",
        "accent_text_color": "#3390ec",
        "section_bg_color": "#ffffff",
        "section_header_text_color": "#3390ec",
        "section_separator_color": "#e7e7e7",
        "subtitle_text_color": "#707579",
        "destructive_text_color": "#e53935",
    });
    // Percent-encoded throughout: readers of a fragment differ in what they make of a plus sign.
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "{origin}/#tgWebAppData={}&tgWebAppVersion={VERSION}&tgWebAppPlatform=web&tgWebAppThemeParams={}",
        encode(&init_data),
        encode(&theme.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "7000000000:test";
    const NOW: u64 = 1_768_467_600;

    /// The value of a parameter of the fragment, decoded once.
    fn parameter(link: &str, name: &str) -> String {
        let (_, fragment) = link.split_once('#').unwrap();
        let pair = fragment
            .split('&')
            .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
            .unwrap();
        percent_encoding::percent_decode_str(pair)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }

    #[test]
    fn the_worker_would_take_the_link_for_telegrams() {
        let link = build("http://localhost:8787", TOKEN, NOW);
        let init_data = parameter(&link, "tgWebAppData");
        let window = telegram::init_data::Window {
            max_age_ms: 1000,
            max_ahead_ms: 0,
        };
        let proof = telegram::init_data::verify(&init_data, TOKEN, window, NOW * 1000).unwrap();
        assert_eq!(proof.user.first_name, "Алексей");
        assert!(
            telegram::init_data::verify(&init_data, "7000000000:other", window, NOW * 1000)
                .is_err()
        );
    }

    #[test]
    fn the_fragment_has_what_telegram_puts_there() {
        let link = build("http://localhost:8787", TOKEN, NOW);
        assert!(link.starts_with("http://localhost:8787/#tgWebAppData="));
        assert!(!link.contains(['"', ' ', '+']), "{link}");
        assert_eq!(parameter(&link, "tgWebAppVersion"), "9.1");
        assert_eq!(parameter(&link, "tgWebAppPlatform"), "web");
        let theme: serde_json::Value =
            serde_json::from_str(&parameter(&link, "tgWebAppThemeParams")).unwrap();
        assert_eq!(theme["bg_color"], "#ffffff");
    }
}
