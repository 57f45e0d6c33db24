//! Every word the driver reads, in Russian, and the numbers between the words.
//!
//! Pure functions: what a text depends on comes in as arguments.

use std::fmt::Write;

use domain::{Cargo, Kopecks, LoadingTime};

use crate::screens::board::status::Status;

const NO_BREAK_SPACE: char = '\u{a0}';
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The name of the screen.
pub const TITLE: &str = "Грузы";
/// Where a city is not known.
pub const NO_CITY: &str = "Город не указан";
/// On a card whose cargo is no longer in the list.
pub const GONE: &str = "Груз снят";
/// Takes such a card off the screen.
pub const DISMISS: &str = "Убрать";
/// Asks again for what failed.
pub const RETRY: &str = "Повторить";
/// Below the last card.
pub const END_OF_LIST: &str = "Это все грузы";
/// Below the cards when the next ones did not come.
pub const MORE_FAILED: &str = "Не удалось загрузить ещё";
/// The list is empty: what, and what next.
pub const EMPTY: (&str, &str) = (
    "Сейчас грузов нет",
    "Как только появится новый, он будет здесь.",
);
/// The first list did not come: what, and what next.
pub const UNREACHABLE: (&str, &str) = (
    "Не получается загрузить грузы",
    "Сервер не отвечает. Попробуем ещё раз сами.",
);
/// No network at the first list.
pub const NO_NETWORK: (&str, &str) = ("Нет сети", "Загрузим грузы, как только появится связь.");
const SIGN_IN_AGAIN: &str = "Откройте приложение из Telegram заново";
/// Telegram's proof of who the driver is has run out, or the page was opened elsewhere.
pub const SIGNED_OUT: (&str, &str) = (SIGN_IN_AGAIN, "Так мы узнаем, что это вы.");
/// Read out in place of the skeleton.
pub const LOADING: &str = "Загружаем грузы";

/// The one of three forms that goes with `count`: 1 груз, 2 груза, 5 грузов.
pub fn plural(count: u64, [one, few, many]: [&str; 3]) -> &str {
    match (count % 10, count % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}

/// How many cargos match: `512 грузов`.
pub fn total(count: u32) -> String {
    let form = plural(count.into(), ["груз", "груза", "грузов"]);
    format!("{}{NO_BREAK_SPACE}{form}", grouped(count.into()))
}

/// The pill: `3 новых груза`.
pub fn new_cargos(count: u32) -> String {
    let form = plural(count.into(), ["новый груз", "новых груза", "новых грузов"]);
    format!("{count}{NO_BREAK_SPACE}{form}")
}

/// A span of time as short as can be: `5 с`, `3 мин`, `2 ч`, `4 дн`.
pub fn span(age_ms: u64) -> String {
    let seconds = age_ms / 1000;
    let (count, unit) = match seconds {
        0..MINUTE => (seconds, "с"),
        MINUTE..HOUR => (seconds / MINUTE, "мин"),
        HOUR..DAY => (seconds / HOUR, "ч"),
        _ => (seconds / DAY, "дн"),
    };
    format!("{count}{NO_BREAK_SPACE}{unit}")
}

/// The status line: how old the prices are, and what is wrong if anything is. Without an age, only what is wrong.
pub fn status(status: Status, age_ms: Option<u64>) -> String {
    let wrong = match status {
        Status::Live => {
            return match age_ms {
                None => String::new(),
                Some(..2_000) => "Цены обновлены только что".to_owned(),
                Some(age_ms) => format!("Цены обновлены {} назад", span(age_ms)),
            };
        }
        Status::Waiting => return String::new(),
        Status::Stale => "CargoTech не отвечает",
        Status::Offline => "Нет сети",
        Status::Unreachable => "Нет связи с сервером",
        Status::SignedOut => SIGN_IN_AGAIN,
    };
    match age_ms {
        Some(age_ms) => format!("{wrong}, цены {} назад", span(age_ms)),
        None => wrong.to_owned(),
    }
}

/// `165 ₽/км`, in whole roubles; nothing if it is not known, or rounds to none.
pub fn per_km(price: Option<Kopecks>) -> String {
    match price.map_or(0, |price| (price.get().unsigned_abs() + 50) / 100) {
        0 => String::new(),
        roubles => format!("{}{NO_BREAK_SPACE}₽/км", grouped(roubles)),
    }
}

/// `1 240 км`.
pub fn distance(km: u32) -> String {
    format!("{}{NO_BREAK_SPACE}км", grouped(km.into()))
}

/// `20 т`, `1,5 т`; under 100 kg `80 кг`.
pub fn weight(kg: u32) -> String {
    match kg {
        ..100 => format!("{kg}{NO_BREAK_SPACE}кг"),
        _ => format!("{}{NO_BREAK_SPACE}т", decimal(f64::from(kg) / 1000.0)),
    }
}

/// `82 м³`, `82,5 м³`.
pub fn volume(m3: f64) -> String {
    format!("{}{NO_BREAK_SPACE}м³", decimal(m3))
}

/// `20 ноя`, `20 ноя, 08:30`.
pub fn loading_time(time: LoadingTime) -> String {
    const MONTHS: [&str; 12] = [
        "янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек",
    ];
    let month = MONTHS[usize::from(time.date.month() - 1)];
    let mut text = format!("{}{NO_BREAK_SPACE}{month}", time.date.day());
    if let Some((hour, minute)) = time.clock {
        // Writing to a String does not fail.
        let _ = write!(text, ", {hour:02}:{minute:02}");
    }
    text
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
    city.as_deref().unwrap_or(NO_CITY)
}

/// Groups of three digits with no-break spaces between.
fn grouped(number: u64) -> String {
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

/// At most two decimals, with a comma, without zeros at the end.
fn decimal(number: f64) -> String {
    let hundredths = (number * 100.0).round() as u64;
    let whole = grouped(hundredths / 100);
    match hundredths % 100 {
        0 => whole,
        rest if rest % 10 == 0 => format!("{whole},{}", rest / 10),
        rest => format!("{whole},{rest:02}"),
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
        ] {
            assert_eq!(plain(new_cargos(count)), text);
        }
        assert_eq!(plain(total(0)), "0_грузов");
        assert_eq!(plain(total(1_201)), "1_201_груз");
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
    fn the_status_tells_age_and_trouble() {
        let line = |is, age_ms| plain(status(is, age_ms));
        assert_eq!(line(Status::Live, None), "");
        assert_eq!(line(Status::Live, Some(1_999)), "Цены обновлены только что");
        assert_eq!(line(Status::Live, Some(5_000)), "Цены обновлены 5_с назад");
        assert!(line(Status::Stale, Some(180_000)).starts_with("CargoTech не отвечает"));
        assert!(line(Status::Stale, Some(180_000)).contains("3_мин"));
        assert_eq!(line(Status::Offline, None), "Нет сети");
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
            id: CargoId::new(1).unwrap(),
            from: Place {
                city: Some("Москва".into()),
                date: None,
            },
            to: Place::default(),
            price_kopecks: None,
            price_per_km_kopecks: None,
            weight_kg: Some(20_000),
            volume_m3: None,
            distance_km: None,
            load_types: vec!["задн.".into(), "верх.".into()],
            truck_types: vec![],
            company: None,
            moved: None,
        };
        assert_eq!(plain(load(&cargo)), "20_т · задн., верх.");
        assert_eq!(route(&cargo), "Москва — Город не указан");
    }
}
