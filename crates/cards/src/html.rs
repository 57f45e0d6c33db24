//! Text in HTML.

use std::fmt;

/// Text in a template: what it holds is shown, never run. Control characters, which HTML can't hold, become spaces.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let is_special =
            |char: char| matches!(char, '&' | '<' | '>' | '"' | '\'') || char.is_control();
        while let Some((at, char)) = rest.char_indices().find(|&(_, char)| is_special(char)) {
            f.write_str(&rest[..at])?;
            f.write_str(match char {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                _ => " ",
            })?;
            rest = &rest[at + char.len_utf8()..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let escaped = |text| Escaped(text).to_string();
        assert_eq!(
            escaped("<b onclick='x'>\"R&D\"</b>"),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;R&amp;D&quot;&lt;/b&gt;"
        );
        assert_eq!(escaped("ООО «Вектор»"), "ООО «Вектор»");
        assert_eq!(escaped(""), "");
        assert_eq!(escaped("a\0b\u{85}c\nd"), "a b c d");
    }
}
