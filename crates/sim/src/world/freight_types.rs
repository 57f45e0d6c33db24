//! The dictionaries of load types and truck types, and the goods that need them.

/// An entry of the load type or truck type dictionary.
#[derive(Debug, PartialEq)]
pub struct FreightType {
    /// Id in the dictionary and in `filter[load_types]` or `filter[truck_types]`.
    pub id: u64,
    /// Name in Russian.
    pub name: &'static str,
    /// Short name for a card.
    pub short_name: &'static str,
}

const fn entry(id: u64, name: &'static str, short_name: &'static str) -> FreightType {
    FreightType {
        id,
        name,
        short_name,
    }
}

/// Ways to load a truck.
pub const LOAD_TYPES: &[FreightType] = &[
    entry(1, "задняя", "задн."),
    entry(2, "боковая", "бок."),
    entry(3, "верхняя", "верх."),
    entry(4, "полная растентовка", "раст."),
    entry(5, "гидроборт", "гидр."),
    entry(6, "со снятием стоек", "стойки"),
    entry(7, "налив", "налив"),
];

/// Kinds of trucks.
pub const TRUCK_TYPES: &[FreightType] = &[
    entry(1, "тентованный", "тент"),
    entry(2, "бортовой", "борт."),
    entry(3, "фургон", "фург."),
    entry(4, "цельнометаллический", "ц/мет."),
    entry(5, "изотермический", "изот."),
    entry(6, "рефрижератор", "реф."),
    entry(7, "контейнеровоз", "конт."),
    entry(8, "открытая площадка", "площ."),
    entry(9, "самосвал", "самосв."),
    entry(10, "низкорамный трал", "трал"),
    entry(11, "автоцистерна", "цист."),
    entry(12, "микроавтобус", "микр."),
];

/// What is hauled, and by what. Types are ids of [`LOAD_TYPES`] and [`TRUCK_TYPES`].
#[derive(Debug, PartialEq)]
pub struct Goods {
    /// Name of the cargo type, in Russian.
    pub name: &'static str,
    /// Trucks that take it.
    pub truck_types: &'static [u64],
    /// Ways it is loaded.
    pub load_types: &'static [u64],
}

/// Goods in circulation.
pub const GOODS: &[Goods] = &[
    Goods {
        name: "Продукты питания",
        truck_types: &[5, 6],
        load_types: &[1],
    },
    Goods {
        name: "Замороженная рыба",
        truck_types: &[6],
        load_types: &[1],
    },
    Goods {
        name: "Молочная продукция",
        truck_types: &[6, 5],
        load_types: &[1],
    },
    Goods {
        name: "Напитки",
        truck_types: &[1, 4, 5],
        load_types: &[1, 2],
    },
    Goods {
        name: "Стройматериалы",
        truck_types: &[1, 2],
        load_types: &[1, 2, 3],
    },
    Goods {
        name: "Металлопрокат",
        truck_types: &[2, 8, 1],
        load_types: &[3, 2, 4],
    },
    Goods {
        name: "Трубы",
        truck_types: &[8, 2],
        load_types: &[3, 6],
    },
    Goods {
        name: "Пиломатериалы",
        truck_types: &[1, 2],
        load_types: &[2, 4],
    },
    Goods {
        name: "Бытовая техника",
        truck_types: &[1, 4, 3],
        load_types: &[1],
    },
    Goods {
        name: "Мебель",
        truck_types: &[1, 3, 4],
        load_types: &[1, 5],
    },
    Goods {
        name: "Бумага и картон",
        truck_types: &[1, 4],
        load_types: &[1],
    },
    Goods {
        name: "Упаковка",
        truck_types: &[1, 3],
        load_types: &[1, 2],
    },
    Goods {
        name: "Автозапчасти",
        truck_types: &[1, 4, 12],
        load_types: &[1, 5],
    },
    Goods {
        name: "Оборудование",
        truck_types: &[1, 2, 10],
        load_types: &[3, 4],
    },
    Goods {
        name: "Удобрения в биг-бегах",
        truck_types: &[1, 2],
        load_types: &[2, 3],
    },
    Goods {
        name: "Зерно",
        truck_types: &[9],
        load_types: &[3],
    },
    Goods {
        name: "Растительное масло",
        truck_types: &[11],
        load_types: &[7],
    },
    Goods {
        name: "Контейнер 40 футов",
        truck_types: &[7],
        load_types: &[],
    },
    Goods {
        name: "Сборный груз",
        truck_types: &[1, 3, 4, 5],
        load_types: &[1],
    },
];

/// The entries of these ids, in the order of the ids.
pub fn entries(dictionary: &'static [FreightType], ids: &[u64]) -> Vec<&'static FreightType> {
    ids.iter()
        .filter_map(|id| dictionary.iter().find(|entry| entry.id == *id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_goods_name_known_types() {
        for goods in GOODS {
            assert_eq!(
                entries(TRUCK_TYPES, goods.truck_types).len(),
                goods.truck_types.len(),
                "{}",
                goods.name
            );
            assert_eq!(
                entries(LOAD_TYPES, goods.load_types).len(),
                goods.load_types.len(),
                "{}",
                goods.name
            );
        }
    }

    #[test]
    fn the_documented_samples_are_in_the_dictionaries() {
        assert_eq!(LOAD_TYPES[0], entry(1, "задняя", "задн."));
        assert!(TRUCK_TYPES.contains(&entry(6, "рефрижератор", "реф.")));
    }
}
