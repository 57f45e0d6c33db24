//! Invented companies that own cargos, and the people who answer their phones.

/// A company as cargos name it.
#[derive(Debug, PartialEq)]
pub struct Company {
    /// Id of the company.
    pub id: u64,
    /// Taxpayer number; digits, may begin with a zero.
    pub inn: &'static str,
    /// Name in Russian.
    pub name: &'static str,
    /// `broker`, `shipper` or `carrier`.
    pub kind: &'static str,
    /// How far the company was checked.
    pub security_status: &'static str,
}

const fn company(
    id: u64,
    inn: &'static str,
    name: &'static str,
    kind: &'static str,
    security_status: &'static str,
) -> Company {
    Company {
        id,
        inn,
        name,
        kind,
        security_status,
    }
}

/// Who offers cargos. The numbers are invented.
pub const BROKERS: &[Company] = &[
    company(
        3101,
        "0000010015",
        "ООО «Вектор Логистик»",
        "broker",
        "verified",
    ),
    company(3102, "0000010022", "ООО «ТрансЛиния»", "broker", "verified"),
    company(
        3103,
        "0000010039",
        "АО «Грузовые маршруты»",
        "broker",
        "verified",
    ),
    company(
        3104,
        "0000010046",
        "ООО «Северный путь»",
        "broker",
        "unverified",
    ),
    company(
        3105,
        "0000010053",
        "ООО «Волга-Экспедиция»",
        "broker",
        "verified",
    ),
    company(
        3106,
        "000001006004",
        "ИП Ковалёва Н. А.",
        "broker",
        "unverified",
    ),
    company(
        3107,
        "0000010078",
        "ООО «Магистраль 24»",
        "broker",
        "verified",
    ),
    company(
        3108,
        "0000010085",
        "ООО «Уралтранзит»",
        "broker",
        "suspicious",
    ),
    company(
        3109,
        "000001009204",
        "ИП Мельников Д. С.",
        "broker",
        "verified",
    ),
    company(
        3110,
        "0000010109",
        "ООО «Фрахт-Сервис»",
        "broker",
        "verified",
    ),
];

/// Whose goods they are. The numbers are invented.
pub const SHIPPERS: &[Company] = &[
    company(
        5201,
        "0000020016",
        "ООО «Хлебная нива»",
        "shipper",
        "verified",
    ),
    company(
        5202,
        "0000020023",
        "АО «Стальной двор»",
        "shipper",
        "verified",
    ),
    company(5203, "0000020030", "ООО «Домострой»", "shipper", "verified"),
    company(
        5204,
        "0000020047",
        "ООО «Молочный берег»",
        "shipper",
        "verified",
    ),
    company(
        5205,
        "0000020054",
        "ООО «Бумажная фабрика „Заря“»",
        "shipper",
        "verified",
    ),
    company(
        5206,
        "000002006107",
        "ИП Гаврилов П. К.",
        "shipper",
        "unverified",
    ),
];

/// Who answers the phone.
pub const PEOPLE: &[&str] = &[
    "Анна",
    "Дмитрий",
    "Елена Сергеевна",
    "Игорь",
    "Мария",
    "Олег Петрович",
    "Светлана",
    "Тимур",
    "Юлия",
    "Алексей",
];

/// What shippers write in the note of a cargo; the first is for those who write nothing.
pub const NOTES: &[&str] = &[
    "",
    "Погрузка по записи, звонить за час.",
    "Нужны 2 ремня и коврики. Пропуск на машину — за сутки.",
    "Режим +2…+6, термописец обязателен.",
    "Оплата по оригиналам, 7–10 банковских дней.",
    "Возможен догруз.\nВыгрузка в два места.",
    "Водитель — гражданин РФ. Фото <груза> & пломбы — в чат.",
];
