//! Lines for whoever watches: in colour on a terminal, plain elsewhere, and never a reason to fail.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

/// Prints a line. Nobody reading any more is no error.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints what went wrong.
pub fn complain(what: impl Display) {
    let _ = writeln!(io::stderr(), "{} {what}", red("error:"));
}

pub fn red(text: impl Display) -> String {
    coloured(31, text)
}

pub fn green(text: impl Display) -> String {
    coloured(32, text)
}

pub fn dim(text: impl Display) -> String {
    coloured(2, text)
}

/// `text` in an ANSI colour, when somebody looks at a terminal and has not asked for none.
pub fn coloured(code: u8, text: impl Display) -> String {
    if in_colour() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}

/// Whether output is coloured: on a terminal, unless `NO_COLOR` is set.
pub fn in_colour() -> bool {
    static IN_COLOUR: OnceLock<bool> = OnceLock::new();
    *IN_COLOUR
        .get_or_init(|| std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}

/// `line` without ANSI escape sequences.
pub fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\x1b' {
            plain.push(character);
            continue;
        }
        // A control sequence: ESC [ parameters, up to a letter.
        for parameter in characters.by_ref() {
            if parameter.is_ascii_alphabetic() {
                break;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_dropped_and_text_is_kept() {
        assert_eq!(
            without_colour("test result: \x1b[32mok\x1b[0m. 5 passed"),
            "test result: ok. 5 passed"
        );
        assert_eq!(without_colour("13 500 ₽"), "13 500 ₽");
    }
}
