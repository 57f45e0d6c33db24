//! What servers say: kept for when they fail, and shown in short lines while somebody looks.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use crate::terminal::{coloured, say, without_colour};

const KEPT: usize = 30;
/// Longer lines would wrap on most terminals and bury their neighbours.
const LONGEST: usize = 200;

/// The log of one server.
pub struct Log {
    name: &'static str,
    colour: u8,
    shown: AtomicBool,
    last: Mutex<VecDeque<String>>,
    file: Mutex<File>,
}

impl Log {
    /// A log that is written in full to `file`.
    pub fn to_file(name: &'static str, colour: u8, file: &Path) -> Result<Arc<Log>> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let file =
            File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(Arc::new(Log {
            name,
            colour,
            shown: AtomicBool::new(false),
            last: Mutex::new(VecDeque::with_capacity(KEPT)),
            file: Mutex::new(file),
        }))
    }

    /// From here on lines are shown as they come.
    pub fn show(&self) {
        self.shown.store(true, Ordering::Relaxed);
    }

    /// Follows `source` to its end, in a thread of its own.
    pub fn follow(self: &Arc<Self>, source: Option<impl Read + Send + 'static>) {
        let log = Arc::clone(self);
        if let Some(source) = source {
            thread::spawn(move || {
                let mut reader = BufReader::new(source);
                let mut line = Vec::new();
                // Bytes, not text: a server may log anything.
                while reader
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|read| read > 0)
                {
                    log.take(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            });
        }
    }

    fn take(&self, line: &str) {
        let line = without_colour(line.trim_end());
        // A log that cannot be written must not stop what it is about.
        let _ = writeln!(
            self.file.lock().unwrap_or_else(PoisonError::into_inner),
            "{line}"
        );
        let Some(short) = shorten(&line) else { return };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == KEPT {
            last.pop_front();
        }
        if self.shown.load(Ordering::Relaxed) {
            let name = coloured(self.colour, format_args!("{:>6} |", self.name));
            say(format_args!("{name} {short}"));
        }
        last.push_back(short);
    }

    /// The last lines, indented, for a message of failure.
    pub fn last_lines(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().map(|line| format!("\n    {line}")).collect()
    }
}

/// A line as it is shown; nothing for decoration and for what wrangler says at every start.
fn shorten(line: &str) -> Option<String> {
    const SKIPPED: [&str; 6] = [
        "Your Worker has access",
        "Binding ",
        "env.",
        "Using secrets defined in",
        "Using vars defined in",
        "⎔ ",
    ];
    let line = line.trim();
    let line = ["[wrangler:info] ", "[wrangler:warn] "]
        .iter()
        .find_map(|tag| line.strip_prefix(tag))
        .unwrap_or(line);
    let is_decoration = !line.contains(char::is_alphanumeric) || line.starts_with('⛅');
    if is_decoration || SKIPPED.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let told = event(line);
    let line = told.as_deref().unwrap_or(line);
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    Some(short)
}

/// A line that the Worker has written as one JSON object, in words: what happened, then the rest.
fn event(line: &str) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&line[line.find('{')?..]).ok()?;
    let mut words = object.get("event")?.as_str()?.replace('_', " ");
    for (name, value) in &object {
        if !["event", "level", "request"].contains(&name.as_str()) {
            let value = match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            words += &format!(", {name}: {value}");
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_and_the_list_of_bindings_are_not_shown() {
        for line in [
            "",
            "────────────────────",
            " ⛅️ wrangler 4.155.0",
            "env.POLL_INTERVAL_MS (\"(hidden)\")  Environment Variable  local",
        ] {
            assert_eq!(shorten(line), None, "{line}");
        }
    }

    #[test]
    fn an_event_is_told_in_words() {
        let line = r#"▲ [WARNING] {"event":"refresh_failed","failures":2,"key":"a/0","level":"warn","request":"8c2f"}"#;
        assert_eq!(
            shorten(line).unwrap(),
            "refresh failed, failures: 2, key: a/0"
        );
        for line in ["GET /api/ {} 200", "{\"level\":1}"] {
            assert_eq!(shorten(line).unwrap(), line);
        }
    }

    #[test]
    fn a_request_is_one_short_line() {
        assert_eq!(
            shorten("[wrangler:info] GET /api/cargos/ 200 OK (14ms)").unwrap(),
            "GET /api/cargos/ 200 OK (14ms)"
        );
        let long = shorten(&"й".repeat(500)).unwrap();
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
