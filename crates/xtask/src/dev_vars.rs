//! Secrets for local runs: `.dev.vars`, made from the committed example.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::terminal::say;

pub const FILE: &str = ".dev.vars";
/// The committed example; what tests run with, whatever the developer keeps for himself.
pub const EXAMPLE: &str = ".dev.vars.example";

/// The names and values of a file of secrets.
pub struct Secrets {
    file: &'static str,
    values: Vec<(String, String)>,
}

impl Secrets {
    /// The developer's own, made from the example when there are none yet.
    pub fn own(project: &Project) -> Result<Secrets> {
        if !project.path(FILE).exists() {
            fs::copy(project.path(EXAMPLE), project.path(FILE))
                .with_context(|| format!("{FILE} cannot be made from {EXAMPLE}"))?;
            say(format_args!(
                "  made {FILE} from {EXAMPLE}; it is ignored by git"
            ));
        }
        let own = Secrets::read(project, FILE)?;
        let example = Secrets::example(project)?;
        let added = own.missing_from(&example);
        if added.is_empty() {
            return Ok(own);
        }
        // Made from an earlier example.
        let mut text = fs::read_to_string(project.path(FILE))?;
        for (name, value) in added {
            text += &format!("\n{name}=\"{value}\"");
            say(format_args!("  added {name} to {FILE}, as in {EXAMPLE}"));
        }
        text.push('\n');
        fs::write(project.path(FILE), text).with_context(|| format!("{FILE} cannot be written"))?;
        Secrets::read(project, FILE)
    }

    pub fn example(project: &Project) -> Result<Secrets> {
        Secrets::read(project, EXAMPLE)
    }

    fn read(project: &Project, file: &'static str) -> Result<Secrets> {
        let text = fs::read_to_string(project.path(file))
            .with_context(|| format!("{file} cannot be read"))?;
        Ok(Secrets {
            file,
            values: parse(&text),
        })
    }

    /// All names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those of a text.
    #[cfg(test)]
    pub fn of(text: &str) -> Secrets {
        Secrets {
            file: FILE,
            values: parse(text),
        }
    }

    /// What `example` has and this has not.
    fn missing_from<'a>(&self, example: &'a Secrets) -> Vec<(&'a str, &'a str)> {
        let is_missing = |name: &str| self.values.iter().all(|(known, _)| known != name);
        let pairs = example.values.iter();
        pairs
            .filter(|(name, _)| is_missing(name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    pub fn get(&self, name: &str) -> Result<&str> {
        let found = self.values.iter().find(|(known, _)| known == name);
        match found {
            Some((_, value)) if !value.is_empty() => Ok(value),
            _ => bail!(
                "{name} is missing in {}; {EXAMPLE} shows all that is needed",
                self.file
            ),
        }
    }
}

/// Lines `NAME=value` or `NAME="value"`; others are comments.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim();
        let is_name = !name.is_empty() && !name.starts_with('#');
        let value = value.trim();
        let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
        is_name.then(|| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_are_not_part_of_a_value() {
        let text = "# a bot\nTELEGRAM_BOT_TOKEN=\"7000000000:abc=def\"\nCARGOTECH_PHONE = +79990000000\n#OFF=1\n";
        let expected = [
            ("TELEGRAM_BOT_TOKEN", "7000000000:abc=def"),
            ("CARGOTECH_PHONE", "+79990000000"),
        ];
        assert_eq!(
            parse(text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn what_an_earlier_example_had_not_is_found_missing() {
        let secrets = |text| Secrets {
            file: FILE,
            values: parse(text),
        };
        let own = secrets("A=mine\nB=\n");
        assert_eq!(own.missing_from(&secrets("A=1\nB=2\nC=3\n")), [("C", "3")]);
    }

    #[test]
    fn a_missing_secret_is_named() {
        let secrets = Secrets {
            file: FILE,
            values: parse("SESSION_SECRET=\n"),
        };
        assert!(
            secrets
                .get("SESSION_SECRET")
                .unwrap_err()
                .to_string()
                .contains("SESSION_SECRET is missing in .dev.vars")
        );
    }
}
