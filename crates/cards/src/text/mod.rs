//! What the driver reads: words, and the numbers between them.
//!
//! What a text depends on comes in as arguments, but for the language: see [`lang::speak`].

pub mod lang;
pub mod words;

use std::fmt::Write;

use domain::{Cargo, Date, Kopecks, Lang, LoadingTime};

use self::words::{Forms, Words};

const NO_BREAK_SPACE: char = '\u{a0}';
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The words of the language that is spoken.
pub fn words() -> &'static Words {
    lang::words_of(lang::spoken())
}

/// The one of three forms that goes with `count`, in the language that is spoken: 1 груз, 2 груза, 5 грузов.
pub fn plural(count: u64, [one, few, many]: Forms) -> &'static str {
    match (lang::spoken(), count % 10, count % 100) {
        (Lang::En, ..) if count == 1 => one,
        (Lang::En, ..) => many,
        (Lang::Ru, _, 11..=14) => many,
        (Lang::Ru, 1, _) => one,
        (Lang::Ru, 2..=4, _) => few,
        (Lang::Ru, ..) => many,
    }
}

/// The pill: `3 новых груза`.
pub fn new_cargos(count: u32) -> String {
    let form = plural(count.into(), words().new_cargos);
    format!("{}{NO_BREAK_SPACE}{form}", grouped(count.into()))
}

/// A span of time as short as can be: `5 с`, `3 мин`, `2 ч`, `4 дн`.
pub fn span(age_ms: u64) -> String {
    let seconds = age_ms / 1000;
    let (count, unit) = match seconds {
        0..MINUTE => (seconds, words().seconds),
        MINUTE..HOUR => (seconds / MINUTE, words().minutes),
        HOUR..DAY => (seconds / HOUR, words().hours),
        _ => (seconds / DAY, words().days),
    };
    format!("{count}{NO_BREAK_SPACE}{unit}")
}

/// How long ago something was: `3 мин назад`.
pub fn span_ago(age_ms: u64) -> String {
    let [before, behind] = words().ago;
    format!("{before}{}{behind}", span(age_ms))
}

/// By how much a price has moved, and how long ago: `▲ 1 200 ₽, 3 мин`; and the class that goes with it. Nothing is told if it
/// came or went altogether.
pub fn moved(was: Option<Kopecks>, is: Option<Kopecks>, age_ms: u64) -> (String, &'static str) {
    let (Some(was), Some(is)) = (was, is) else {
        return (String::new(), "moved");
    };
    let by = Kopecks::new((is.get() - was.get()).abs());
    let (arrow, class) = if is > was {
        ('▲', "moved up")
    } else {
        ('▼', "moved down")
    };
    let since = match age_ms / 1000 {
        0..MINUTE => words().just_now.to_owned(),
        _ => span(age_ms),
    };
    let told = by.map_or_else(String::new, |by| {
        format!("{arrow}{NO_BREAK_SPACE}{by}, {since}")
    });
    (told, class)
}

/// `165 ₽/км`, in whole roubles; nothing if it is not known, or rounds to none.
pub fn per_km(price: Option<Kopecks>) -> String {
    match price.map_or(0, |price| (price.get().unsigned_abs() + 50) / 100) {
        0 => String::new(),
        roubles => format!("{}{NO_BREAK_SPACE}{}", grouped(roubles), words().per_km),
    }
}

/// `1 240 км`.
pub fn distance(km: u32) -> String {
    format!("{}{NO_BREAK_SPACE}{}", grouped(km.into()), words().km)
}

/// `20 т`, `1,5 т`; under 100 kg `80 кг`.
pub fn weight(kg: u32) -> String {
    match kg {
        ..100 => format!("{kg}{NO_BREAK_SPACE}{}", words().kilograms),
        _ => {
            let tonnes = decimal(f64::from(kg) / 1000.0);
            format!("{tonnes}{NO_BREAK_SPACE}{}", words().tonnes)
        }
    }
}

/// `82 м³`, `82,5 м³`.
pub fn volume(m3: f64) -> String {
    format!("{}{NO_BREAK_SPACE}{}", decimal(m3), words().cubic_metres)
}

/// `20 ноя`, `20 ноя, 08:30`.
pub fn loading_time(time: LoadingTime) -> String {
    let mut text = date(time.date);
    if let Some((hour, minute)) = time.clock {
        // Writing to a String does not fail.
        let _ = write!(text, ", {hour:02}:{minute:02}");
    }
    text
}

/// `20 ноя`.
pub fn date(date: Date) -> String {
    let month = words().months[usize::from(date.month() - 1)];
    format!("{}{NO_BREAK_SPACE}{month}", date.day())
}

/// What the cargo asks of a truck: `20 т · 82 м³ · реф. · задн., верх.`; nothing if nothing is known.
pub fn load(cargo: &Cargo) -> String {
    let types = |types: &[String]| (!types.is_empty()).then(|| types.join(", "));
    [
        cargo.weight_kg.map(weight),
        cargo.volume_m3.map(volume),
        types(&cargo.truck_types),
        types(&cargo.load_types),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" · ")
}

/// The route, to be read out: `Москва — Казань`.
pub fn route(cargo: &Cargo) -> String {
    format!("{} — {}", city(&cargo.from.city), city(&cargo.to.city))
}

/// The city, or that there is none.
pub fn city(city: &Option<String>) -> &str {
    city.as_deref().unwrap_or(words().no_city)
}

/// Groups of three digits with no-break spaces between.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    text
}

/// At most two decimals, without zeros at the end.
fn decimal(number: f64) -> String {
    let hundredths = (number * 100.0).round() as u64;
    let whole = grouped(hundredths / 100);
    let point = words().decimal_point;
    match hundredths % 100 {
        0 => whole,
        rest if rest % 10 == 0 => format!("{whole}{point}{}", rest / 10),
        rest => format!("{whole}{point}{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::{CargoId, Date, Place};

    use super::*;

    fn plain(text: String) -> String {
        text.replace(NO_BREAK_SPACE, "_")
    }

    #[test]
    fn counts_take_the_right_form() {
        for (count, text) in [
            (1, "1_новый груз"),
            (2, "2_новых груза"),
            (4, "4_новых груза"),
            (5, "5_новых грузов"),
            (11, "11_новых грузов"),
            (12, "12_новых грузов"),
            (21, "21_новый груз"),
            (22, "22_новых груза"),
            (112, "112_новых грузов"),
            (0, "0_новых грузов"),
            (1_201, "1_201_новый груз"),
        ] {
            assert_eq!(plain(new_cargos(count)), text);
        }
    }

    #[test]
    fn english_has_two_forms() {
        lang::speak(Lang::En);
        for (count, text) in [
            (0, "0_new cargos"),
            (1, "1_new cargo"),
            (21, "21_new cargos"),
        ] {
            assert_eq!(plain(new_cargos(count)), text);
        }
        assert_eq!(plain(weight(1_500)), "1.5_t");
        assert_eq!(plain(span_ago(5_000)), "5_s ago");
    }

    #[test]
    fn a_move_is_told_with_its_direction_and_age() {
        let told = |was, is, age| plain(moved(Kopecks::new(was), Kopecks::new(is), age).0);
        assert_eq!(told(100_000, 220_000, 180_000), "▲_1_200_₽, 3_мин");
        assert_eq!(told(220_000, 100_000, 0), "▼_1_200_₽, только что");
        assert_eq!(told(0, 100_000, 0), "");
        assert_eq!(told(100_000, 0, 0), "");
    }

    #[test]
    fn age_is_told_in_the_largest_unit_that_it_fills() {
        for (age_ms, text) in [
            (0, "0_с"),
            (59_999, "59_с"),
            (60_000, "1_мин"),
            (3_599_999, "59_мин"),
            (3_600_000, "1_ч"),
            (86_400_000, "1_дн"),
        ] {
            assert_eq!(plain(span(age_ms)), text);
        }
    }

    #[test]
    fn numbers_read_as_drivers_write_them() {
        assert_eq!(plain(distance(1_240)), "1_240_км");
        for (kg, text) in [
            (80, "80_кг"),
            (1_500, "1,5_т"),
            (20_000, "20_т"),
            (1_234_567, "1_234,57_т"),
        ] {
            assert_eq!(plain(weight(kg)), text);
        }
        assert_eq!(plain(volume(82.5)), "82,5_м³");
        assert_eq!(plain(volume(82.05)), "82,05_м³");
        assert_eq!(plain(per_km(Kopecks::new(16_549))), "165_₽/км");
        assert_eq!(plain(per_km(Kopecks::new(16_550))), "166_₽/км");
        assert_eq!(per_km(Kopecks::new(49)), "");
        assert_eq!(per_km(None), "");
    }

    #[test]
    fn a_day_comes_with_its_time_if_one_is_known() {
        let date = Date::new(2026, 5, 9).unwrap();
        let time = |clock| plain(loading_time(LoadingTime { date, clock }));
        assert_eq!(time(None), "9_мая");
        assert_eq!(time(Some((8, 5))), "9_мая, 08:05");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let cargo = Cargo {
            from: Place {
                city: Some("Москва".into()),
                date: None,
            },
            weight_kg: Some(20_000),
            load_types: vec!["задн.".into(), "верх.".into()],
            ..Cargo::unknown(CargoId::new(1).unwrap())
        };
        assert_eq!(plain(load(&cargo)), "20_т · задн., верх.");
        assert_eq!(route(&cargo), "Москва — Город не указан");
    }
}
