//! What an operator reads: words, and the numbers between them. What a text depends on comes in as arguments, but for the
//! language.

use cards::text::plural;
use domain::orders::Status;

use super::{
    pending::{Note, Standing, Why},
    words::{Forms, words},
};
use crate::status;

const NO_BREAK_SPACE: char = '\u{a0}';

/// The time of day at which something happened, where the operator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// Whether that was today.
    pub is_today: bool,
}

/// A span of time as short as can be: `5 с`, `3 мин`, `2 ч`, `4 дн`.
pub fn span(age_ms: u64) -> String {
    let seconds = age_ms / 1000;
    let words = words();
    let (count, unit) = match seconds {
        0..60 => (seconds, words.seconds),
        60..3_600 => (seconds / 60, words.minutes),
        3_600..86_400 => (seconds / 3_600, words.hours),
        _ => (seconds / 86_400, words.days),
    };
    format!("{count}{NO_BREAK_SPACE}{unit}")
}

/// For how long an order has stood where it stands. Seconds would move too much in a long list.
pub fn age(age_ms: u64) -> String {
    match age_ms {
        0..60_000 => words().just_now.to_owned(),
        _ => span(age_ms),
    }
}

/// `14:05`, or on another day `20 ноя, 14:05`.
pub fn moment(at: Moment) -> String {
    let time = format!("{:02}:{:02}", at.hour, at.minute);
    if at.is_today {
        return time;
    }
    let month = words().months[(at.month as usize + 11) % 12];
    format!("{}{NO_BREAK_SPACE}{month}, {time}", at.day)
}

/// Where an order stands.
pub fn place(status: Status) -> &'static str {
    words().places[status as usize]
}

/// What the button says that moves an order there.
pub fn verb(from: Status, to: Status) -> &'static str {
    let words = words();
    match to {
        _ if to < from => words.give_back,
        Status::Started => words.take,
        Status::Completed => words.finish,
        Status::Packaging => words.pack,
        _ => words.ship,
    }
}

/// What is told of an order besides what it is: a line, and what it is about.
pub fn standing(standing: &Standing, is_away: bool, age_ms: u64, at: Moment) -> (String, String) {
    let words = words();
    let order = &standing.order;
    let who = &order.changed_by;
    match standing.note {
        Some(Note::Lost) => {
            let done = words.done[order.status as usize];
            let line = format!("{done}: {who}, {}", moment(at));
            (words.lost.to_owned(), line)
        }
        Some(Note::Refused(why)) => (words.not_saved.to_owned(), reason(why).to_owned()),
        Some(Note::Unknown) => (words.unknown.to_owned(), words.unknown_next.to_owned()),
        Some(Note::NotMade) => (words.not_saved.to_owned(), words.not_made.to_owned()),
        None if standing.is_saving() => {
            (place(standing.status()).to_owned(), words.saving.to_owned())
        }
        None if standing.is_missing => (words.left_the_list.to_owned(), String::new()),
        None if is_away => (
            format!("→{NO_BREAK_SPACE}{}", place(order.status)),
            format!("{who}, {}", moment(at)),
        ),
        None => (
            place(order.status).to_owned(),
            format!("{} · {who}", age(age_ms)),
        ),
    }
}

fn reason(why: Why) -> &'static str {
    let words = words();
    match why {
        Why::Forbidden => words.why_forbidden,
        Why::NotAllowed => words.why_not_allowed,
        Why::FactoryDown => words.why_factory_down,
        Why::Busy => words.why_busy,
        Why::SignedOut => words.why_signed_out,
        Why::OurFault => words.why_our_fault,
    }
}

/// `2 ушли · 3 новых`.
pub fn pill(left: usize, new: usize) -> String {
    let parts = [(left, words().left), (new, words().new)];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts.map(|(count, forms)| counted(count, forms)).collect();
    parts.join(" · ")
}

/// `5 рабочих дней`.
pub fn counted(count: usize, forms: Forms) -> String {
    format!("{count}{NO_BREAK_SPACE}{}", plural(count as u64, forms))
}

/// `1,4 МБ`.
pub fn size(bytes: u64) -> String {
    let [b, kb, mb] = words().sizes;
    match bytes {
        0..1_024 => format!("{bytes}{NO_BREAK_SPACE}{b}"),
        1_024..1_048_576 => format!("{}{NO_BREAK_SPACE}{kb}", bytes.div_ceil(1_024)),
        _ => {
            let tenths = bytes * 10 / 1_048_576;
            let point = words().decimal_point;
            format!("{}{point}{}{NO_BREAK_SPACE}{mb}", tenths / 10, tenths % 10)
        }
    }
}

/// The status line: how old the list is, and what is wrong if anything is. Without an age, only what is wrong.
pub fn status_line(status: status::Status, age_ms: Option<u64>) -> String {
    use status::Status;

    let words = words();
    let around = |[before, behind]: [&str; 2], age_ms| format!("{before}{}{behind}", span(age_ms));
    let wrong = match status {
        Status::Live => {
            return match age_ms {
                None => String::new(),
                Some(..2_000) => words.updated_now.to_owned(),
                Some(age_ms) => around(words.updated, age_ms),
            };
        }
        Status::Waiting => return String::new(),
        Status::Stale => words.factory_silent,
        Status::Offline => words.offline,
        Status::Unreachable => words.no_answer,
        Status::Busy => words.busy.0,
        Status::SignedOut => words.signed_out.0,
    };
    match age_ms {
        Some(age_ms) => format!("{wrong}{}", around(words.as_of, age_ms)),
        None => wrong.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use cards::text::lang;
    use domain::Lang;

    use super::*;
    use crate::orders::pending::{Outcome, tests::order};

    const AT: Moment = Moment {
        month: 11,
        day: 20,
        hour: 14,
        minute: 5,
        is_today: true,
    };

    fn plain(text: &str) -> String {
        text.replace(NO_BREAK_SPACE, "_")
    }

    #[test]
    fn who_was_quicker_is_told_with_what_he_did_and_when() {
        let mut one = Standing::new(order(5, Status::Approved, 1));
        assert!(one.tap(Status::Started, 0.0).is_some());
        assert_eq!(standing(&one, false, 0, AT).1, "сохраняем…");
        one.end(Outcome::Lost(order(5, Status::Started, 2)), 0.0);
        let (line, about) = standing(&one, true, 0, AT);
        assert_eq!(
            (line.as_str(), about.as_str()),
            ("Вас опередили", "Взято: Борис, 14:05")
        );
    }

    #[test]
    fn an_order_that_has_left_says_where_it_went_and_with_whom() {
        let one = Standing::new(order(5, Status::Packaging, 1));
        let (line, about) = standing(&one, true, 0, AT);
        assert_eq!(plain(&line), "→_Упаковка");
        assert_eq!(about, "Борис, 14:05");
        assert_eq!(
            plain(&standing(&one, false, 300_000, AT).1),
            "5_мин · Борис"
        );
    }

    #[test]
    fn another_day_is_named() {
        let at = Moment {
            is_today: false,
            ..AT
        };
        assert_eq!(plain(&moment(at)), "20_ноя, 14:05");
    }

    #[test]
    fn the_pill_tells_what_left_and_what_came() {
        assert_eq!(plain(&pill(2, 3)), "2_ушли · 3_новых");
        assert_eq!(plain(&pill(1, 0)), "1_ушёл");
        assert_eq!(plain(&pill(0, 21)), "21_новый");
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit_that_they_fill() {
        for (bytes, text) in [(900, "900_Б"), (1_500, "2_КБ"), (1_572_864, "1,5_МБ")] {
            assert_eq!(plain(&size(bytes)), text);
        }
    }

    #[test]
    fn every_move_has_its_verb() {
        lang::speak(Lang::En);
        let verbs = [
            (Status::Approved, Status::Started, "Take"),
            (Status::Started, Status::Completed, "Done"),
            (Status::Completed, Status::Packaging, "To packing"),
            (Status::Packaging, Status::Shipped, "Ship"),
            (Status::Started, Status::Approved, "Give back"),
        ];
        for (from, to, text) in verbs {
            assert_eq!(verb(from, to), text);
        }
        lang::speak(Lang::Ru);
    }

    #[test]
    fn trouble_comes_with_the_age_of_what_is_shown() {
        let line = |is, age| plain(&status_line(is, age));
        assert_eq!(
            line(status::Status::Live, Some(5_000)),
            "Обновлено 5_с назад"
        );
        assert_eq!(
            line(status::Status::Stale, Some(180_000)),
            "Система завода не отвечает · заказы на 3_мин назад"
        );
    }
}
