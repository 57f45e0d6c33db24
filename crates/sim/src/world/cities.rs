//! Cities between which freight moves, with coordinates good enough for distances and radii.

/// A city of the points dictionary.
#[derive(Debug, PartialEq)]
pub struct City {
    /// Id in the points dictionary and in `filter[start_point_id]`.
    pub id: u64,
    /// Name in Russian.
    pub name: &'static str,
    /// A street for addresses of the detail.
    pub street: &'static str,
    latitude: f64,
    longitude: f64,
}

const fn city(
    id: u64,
    name: &'static str,
    street: &'static str,
    latitude: f64,
    longitude: f64,
) -> City {
    City {
        id,
        name,
        street,
        latitude,
        longitude,
    }
}

/// Every city. Some are within 50 km of another, so that a radius finds more than the city itself.
pub const CITIES: &[City] = &[
    city(62, "Москва", "Рябиновая ул.", 55.75, 37.62),
    city(83, "Санкт-Петербург", "Софийская ул.", 59.94, 30.31),
    city(104, "Подольск", "Домодедовское ш.", 55.43, 37.54),
    city(107, "Химки", "Ленинградская ул.", 55.89, 37.44),
    city(109, "Мытищи", "Волковское ш.", 55.91, 37.73),
    city(112, "Домодедово", "Логистическая ул.", 55.44, 37.77),
    city(115, "Ногинск", "Электростальская ул.", 55.85, 38.44),
    city(121, "Колпино", "Финляндская ул.", 59.75, 30.59),
    city(124, "Гатчина", "Железнодорожная ул.", 59.57, 30.13),
    city(131, "Тверь", "Московское ш.", 56.86, 35.91),
    city(134, "Калуга", "Тульская ул.", 54.51, 36.26),
    city(137, "Тула", "Рязанская ул.", 54.19, 37.62),
    city(140, "Рязань", "Куйбышевское ш.", 54.63, 39.74),
    city(143, "Владимир", "Куйбышева ул.", 56.13, 40.41),
    city(146, "Иваново", "Лежневская ул.", 57.00, 40.97),
    city(149, "Ярославль", "Промышленная ул.", 57.63, 39.87),
    city(152, "Кострома", "Зелёная ул.", 57.77, 40.93),
    city(155, "Вологда", "Окружное ш.", 59.22, 39.89),
    city(158, "Череповец", "Северное ш.", 59.13, 37.90),
    city(161, "Великий Новгород", "Нехинская ул.", 58.52, 31.27),
    city(164, "Псков", "Индустриальная ул.", 57.82, 28.33),
    city(167, "Смоленск", "Индустриальная ул.", 54.78, 32.05),
    city(170, "Брянск", "Сталелитейная ул.", 53.24, 34.36),
    city(173, "Орёл", "Московское ш.", 52.97, 36.06),
    city(176, "Курск", "Магистральный пр-д", 51.73, 36.19),
    city(179, "Белгород", "Корочанская ул.", 50.60, 36.59),
    city(182, "Старый Оскол", "Прядченко ул.", 51.30, 37.84),
    city(185, "Воронеж", "Остужева ул.", 51.66, 39.20),
    city(188, "Липецк", "Ангарская ул.", 52.61, 39.57),
    city(191, "Тамбов", "Монтажников ул.", 52.72, 41.45),
    city(194, "Пенза", "Аустрина ул.", 53.20, 45.00),
    city(197, "Саранск", "Лодыгина ул.", 54.18, 45.18),
    city(200, "Нижний Новгород", "Удмуртская ул.", 56.33, 44.00),
    city(203, "Дзержинск", "Речное ш.", 56.24, 43.46),
    city(206, "Чебоксары", "Лапсарский пр-д", 56.13, 47.25),
    city(209, "Йошкар-Ола", "Крылова ул.", 56.63, 47.89),
    city(212, "Казань", "Техническая ул.", 55.79, 49.11),
    city(
        215,
        "Набережные Челны",
        "Производственный пр-д",
        55.74,
        52.41,
    ),
    city(218, "Ульяновск", "Инженерный пр-д", 54.32, 48.40),
    city(221, "Самара", "Заводское ш.", 53.20, 50.15),
    city(224, "Тольятти", "Борковская ул.", 53.51, 49.42),
    city(227, "Саратов", "Песчано-Умётский тракт", 51.53, 46.03),
    city(230, "Энгельс", "Промышленная ул.", 51.48, 46.11),
    city(233, "Волгоград", "Шоссе Авиаторов", 48.71, 44.51),
    city(236, "Астрахань", "Рыбинская ул.", 46.35, 48.04),
    city(239, "Ростов-на-Дону", "Доватора ул.", 47.24, 39.71),
    city(242, "Батайск", "Энгельса ул.", 47.14, 39.75),
    city(245, "Таганрог", "Поляковское ш.", 47.24, 38.90),
    city(248, "Краснодар", "Уральская ул.", 45.04, 38.98),
    city(251, "Новороссийск", "Магистральная ул.", 44.72, 37.77),
    city(254, "Ставрополь", "Старомарьевское ш.", 45.04, 41.97),
    city(257, "Киров", "Производственная ул.", 58.60, 49.66),
    city(260, "Ижевск", "Пойма ул.", 56.85, 53.20),
    city(263, "Пермь", "Героев Хасана ул.", 58.01, 56.25),
    city(266, "Уфа", "Индустриальное ш.", 54.74, 55.97),
    city(269, "Оренбург", "Загородное ш.", 51.77, 55.10),
    city(272, "Екатеринбург", "Черняховского ул.", 56.84, 60.61),
    city(275, "Первоуральск", "Заводская ул.", 56.91, 59.94),
    city(278, "Челябинск", "Троицкий тракт", 55.16, 61.40),
    city(281, "Магнитогорск", "Кирова ул.", 53.41, 58.98),
    city(284, "Тюмень", "30 лет Победы ул.", 57.15, 65.53),
    city(287, "Сургут", "Базовая ул.", 61.25, 73.40),
    city(290, "Омск", "10 лет Октября ул.", 54.99, 73.37),
    city(293, "Новосибирск", "Петухова ул.", 55.03, 82.92),
    city(296, "Барнаул", "Правобережный тракт", 53.36, 83.76),
    city(299, "Кемерово", "Шахтёров пр-т", 55.35, 86.09),
    city(302, "Красноярск", "Северное ш.", 56.01, 92.87),
];

impl City {
    /// The city of this id.
    pub fn find(id: u64) -> Option<&'static City> {
        CITIES.iter().find(|city| city.id == id)
    }

    /// Kilometres to another city as the crow flies.
    pub fn air_km(&self, other: &City) -> f64 {
        const EARTH_RADIUS_KM: f64 = 6371.0;
        let (latitude, other_latitude) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_height = ((other_latitude - latitude) / 2.0).sin();
        let half_width = ((other.longitude - self.longitude).to_radians() / 2.0).sin();
        let haversine =
            half_height.powi(2) + latitude.cos() * other_latitude.cos() * half_width.powi(2);
        2.0 * EARTH_RADIUS_KM * haversine.sqrt().asin()
    }

    /// Kilometres to another city by road: a quarter more than through the air, at least 5.
    pub fn road_km(&self, other: &City) -> i64 {
        // In range: no two points of the Earth are further apart than 20,100 km.
        ((self.air_km(other) * 1.25).round() as i64).max(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn named(name: &str) -> &'static City {
        CITIES.iter().find(|city| city.name == name).unwrap()
    }

    #[test]
    fn ids_and_names_are_unique() {
        let ids: BTreeSet<u64> = CITIES.iter().map(|city| city.id).collect();
        let names: BTreeSet<&str> = CITIES.iter().map(|city| city.name).collect();
        assert_eq!((ids.len(), names.len()), (CITIES.len(), CITIES.len()));
    }

    #[test]
    fn distances_are_about_those_of_the_map() {
        let by_air = named("Москва").air_km(named("Санкт-Петербург"));
        assert!((620.0..650.0).contains(&by_air), "{by_air}");
        let by_road = named("Москва").road_km(named("Новосибирск"));
        assert!((3200..3700).contains(&by_road), "{by_road}");
    }
}
