//! Every word that a driver reads, in each language. A language that lacks one does not compile.

/// What happened, and what happens next.
pub type Said = (&'static str, &'static str);
/// The forms that go with counts: one, few, many. English has two; its few are its many.
pub type Forms = [&'static str; 3];

/// The words of one language.
#[derive(Debug)]
pub struct Words {
    /// The list of all cargos that match: the name of a tab.
    pub board: &'static str,
    /// The cargos that the driver watches: the name of a tab.
    pub watched: &'static str,
    /// Where a city is not known.
    pub no_city: &'static str,
    /// On a card whose cargo is no longer in the list.
    pub gone: &'static str,
    /// Takes such a card off the screen.
    pub dismiss: &'static str,
    /// Asks again for what failed.
    pub retry: &'static str,
    /// Below the last card.
    pub end_of_list: &'static str,
    /// Below the cards when the next ones did not come.
    pub more_failed: &'static str,
    /// The list is empty, and no filter is on.
    pub empty: Said,
    /// The list is empty behind filters.
    pub nothing_matches: Said,
    /// Nothing is watched.
    pub nothing_watched: Said,
    /// The first list did not come.
    pub unreachable: Said,
    /// CargoTech does not answer and there is nothing older.
    pub upstream_down: Said,
    /// The edge asks to come back more slowly.
    pub busy: Said,
    /// No network at the first list.
    pub no_network: Said,
    /// Telegram's proof of who the driver is has run out, or the page was opened elsewhere.
    pub signed_out: Said,
    /// The cargo of a link does not exist any more.
    pub cargo_gone: Said,
    /// Read out in place of the skeleton.
    pub loading: &'static str,

    /// In the status line.
    pub updated_now: &'static str,
    pub updated: [&'static str; 2],
    pub upstream_silent: &'static str,
    pub offline: &'static str,
    pub no_answer: &'static str,
    /// Behind what is wrong, around an age.
    pub prices_of: [&'static str; 2],

    pub new_cargos: Forms,
    pub seconds: &'static str,
    pub minutes: &'static str,
    pub hours: &'static str,
    pub days: &'static str,
    /// Behind a span of time.
    pub ago: [&'static str; 2],
    pub just_now: &'static str,
    pub now: &'static str,
    pub months: [&'static str; 12],
    pub per_km: &'static str,
    pub km: &'static str,
    pub tonnes: &'static str,
    pub kilograms: &'static str,
    pub cubic_metres: &'static str,
    /// Between whole and fraction.
    pub decimal_point: char,

    pub sort: &'static str,
    /// Newest, price, price per km, distance.
    pub sorts: [&'static str; 4],

    pub filters: &'static str,
    pub whose: &'static str,
    pub mine: &'static str,
    pub everybodys: &'static str,
    pub loading_city: &'static str,
    pub unloading_city: &'static str,
    pub city_hint: &'static str,
    pub no_such_city: &'static str,
    pub cities_unavailable: &'static str,
    pub radius: &'static str,
    pub loading_date: &'static str,
    pub truck: &'static str,
    pub any: &'static str,
    pub other: &'static str,
    pub up_to_tonnes: &'static str,
    pub up_to_cubic_metres: &'static str,
    pub load_types: &'static str,
    pub truck_types: &'static str,
    pub types_unavailable: &'static str,
    pub price: &'static str,
    pub price_per_km: &'static str,
    pub distance: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    /// Before a date: from this day on.
    pub since: &'static str,
    pub reset: &'static str,
    pub reset_all: &'static str,
    pub show: &'static str,
    pub close: &'static str,
    pub remove: &'static str,
    /// A field that holds what is no number, or bounds the wrong way round.
    pub wrong_number: &'static str,
    pub wrong_truck: &'static str,

    pub watch: &'static str,
    pub watching_is_full: &'static str,

    pub back: &'static str,
    pub cargo: &'static str,
    pub price_went: &'static str,
    pub price_never_moved: &'static str,
    pub share: &'static str,
    pub link_copied: &'static str,
    pub copied: &'static str,
    /// The language to change to, in itself.
    pub other_language: &'static str,
}

/// Russian.
pub const RU: Words = Words {
    board: "Грузы",
    watched: "Избранное",
    no_city: "Город не указан",
    gone: "Груз снят",
    dismiss: "Убрать",
    retry: "Повторить",
    end_of_list: "Это все грузы",
    more_failed: "Не удалось загрузить ещё",
    empty: (
        "Сейчас грузов нет",
        "Как только появится новый, он будет здесь.",
    ),
    nothing_matches: (
        "По этим условиям грузов нет",
        "Попробуйте убрать часть условий. Новые грузы появятся здесь сами.",
    ),
    nothing_watched: (
        "Здесь будут грузы, за которыми вы следите",
        "Отметьте груз звездой, и его цена будет обновляться и здесь.",
    ),
    unreachable: (
        "Не получается загрузить грузы",
        "Сервер не отвечает. Попробуем ещё раз сами.",
    ),
    upstream_down: (
        "CargoTech не отвечает",
        "Покажем грузы, как только он ответит. Попробуем ещё раз сами.",
    ),
    busy: (
        "Сейчас много запросов",
        "Подождём немного и загрузим грузы сами.",
    ),
    no_network: ("Нет сети", "Загрузим грузы, как только появится связь."),
    signed_out: (
        "Откройте приложение из Telegram заново",
        "Так мы узнаем, что это вы.",
    ),
    cargo_gone: (
        "Этого груза больше нет",
        "Его сняли или уже увезли. В списке есть другие.",
    ),
    loading: "Загружаем грузы",

    updated_now: "Цены обновлены только что",
    updated: ["Цены обновлены ", " назад"],
    upstream_silent: "CargoTech не отвечает",
    offline: "Нет сети",
    no_answer: "Нет связи с сервером",
    prices_of: [", цены ", " назад"],

    new_cargos: ["новый груз", "новых груза", "новых грузов"],
    seconds: "с",
    minutes: "мин",
    hours: "ч",
    days: "дн",
    ago: ["", " назад"],
    just_now: "только что",
    now: "сейчас",
    months: [
        "янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек",
    ],
    per_km: "₽/км",
    km: "км",
    tonnes: "т",
    kilograms: "кг",
    cubic_metres: "м³",
    decimal_point: ',',

    sort: "Порядок",
    sorts: [
        "Сначала новые",
        "Сначала дорогие",
        "Выше ₽/км",
        "Сначала ближние",
    ],

    filters: "Фильтры",
    whose: "Чьи грузы",
    mine: "Свои",
    everybodys: "Все",
    loading_city: "Город загрузки",
    unloading_city: "Город выгрузки",
    city_hint: "Первые буквы города",
    no_such_city: "Такого города нет",
    cities_unavailable: "Города сейчас не загружаются",
    radius: "Радиус",
    loading_date: "Загрузка не раньше",
    truck: "Ваша машина берёт",
    any: "Любая",
    other: "Другая",
    up_to_tonnes: "Тонн, до",
    up_to_cubic_metres: "м³, до",
    load_types: "Загрузка",
    truck_types: "Кузов",
    types_unavailable: "Сейчас не загружается. Закройте и откройте фильтры ещё раз.",
    price: "Цена, ₽",
    price_per_km: "Цена за километр, ₽",
    distance: "Расстояние, км",
    from: "от",
    to: "до",
    since: "с",
    reset: "Сбросить",
    reset_all: "Сбросить всё",
    show: "Показать грузы",
    close: "Закрыть",
    remove: "Убрать условие",
    wrong_number: "Целое число; «от» не больше «до»",
    wrong_truck: "От 0,1 до 1000 т и от 0,1 до 200 м³",

    watch: "Следить за грузом",
    watching_is_full: "В избранном уже 50 грузов. Уберите лишние, чтобы добавить этот.",

    back: "Назад",
    cargo: "Груз",
    price_went: "Как менялась цена",
    price_never_moved: "Пока не менялась",
    share: "Поделиться",
    link_copied: "Ссылка скопирована",
    copied: "Скопировано",
    other_language: "English",
};

/// English.
pub const EN: Words = Words {
    board: "Cargos",
    watched: "Starred",
    no_city: "City not given",
    gone: "Taken off",
    dismiss: "Remove",
    retry: "Try again",
    end_of_list: "These are all cargos",
    more_failed: "Could not load more",
    empty: (
        "No cargos right now",
        "As soon as there is a new one it will be here.",
    ),
    nothing_matches: (
        "No cargo matches these filters",
        "Try to take some of them off. New cargos will appear here by themselves.",
    ),
    nothing_watched: (
        "Cargos that you watch will be here",
        "Star a cargo, and its price stays live here too.",
    ),
    unreachable: (
        "Cargos can’t be loaded",
        "The server does not answer. We will try again by ourselves.",
    ),
    upstream_down: (
        "CargoTech does not answer",
        "Cargos will be here as soon as it does. We will try again by ourselves.",
    ),
    busy: (
        "Very many requests right now",
        "We wait a moment and load the cargos by ourselves.",
    ),
    no_network: ("No network", "Cargos will load as soon as there is one."),
    signed_out: (
        "Open the app from Telegram again",
        "That tells us that it is you.",
    ),
    cargo_gone: (
        "This cargo is no longer there",
        "It was taken off, or is on its way. There are others in the list.",
    ),
    loading: "Loading cargos",

    updated_now: "Prices updated just now",
    updated: ["Prices updated ", " ago"],
    upstream_silent: "CargoTech does not answer",
    offline: "No network",
    no_answer: "The server does not answer",
    prices_of: [", prices from ", " ago"],

    new_cargos: ["new cargo", "new cargos", "new cargos"],
    seconds: "s",
    minutes: "min",
    hours: "h",
    days: "d",
    ago: ["", " ago"],
    just_now: "just now",
    now: "now",
    months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    per_km: "₽/km",
    km: "km",
    tonnes: "t",
    kilograms: "kg",
    cubic_metres: "m³",
    decimal_point: '.',

    sort: "Order",
    sorts: [
        "Newest first",
        "Highest price",
        "Highest ₽/km",
        "Shortest first",
    ],

    filters: "Filters",
    whose: "Whose cargos",
    mine: "Own",
    everybodys: "All",
    loading_city: "Loading city",
    unloading_city: "Unloading city",
    city_hint: "First letters of the city",
    no_such_city: "There is no such city",
    cities_unavailable: "Cities can’t be loaded right now",
    radius: "Radius",
    loading_date: "Loading not before",
    truck: "Your truck takes",
    any: "Any",
    other: "Other",
    up_to_tonnes: "Tonnes, up to",
    up_to_cubic_metres: "m³, up to",
    load_types: "Loading",
    truck_types: "Body",
    types_unavailable: "Can’t be loaded right now. Close the filters and open them again.",
    price: "Price, ₽",
    price_per_km: "Price per kilometre, ₽",
    distance: "Distance, km",
    from: "from",
    to: "to",
    since: "from",
    reset: "Reset",
    reset_all: "Reset all",
    show: "Show cargos",
    close: "Close",
    remove: "Remove filter",
    wrong_number: "A whole number; “from” not above “to”",
    wrong_truck: "From 0.1 to 1000 t and from 0.1 to 200 m³",

    watch: "Watch this cargo",
    watching_is_full: "You watch 50 cargos already. Remove some to add this one.",

    back: "Back",
    cargo: "Cargo",
    price_went: "How the price went",
    price_never_moved: "Has not changed so far",
    share: "Share",
    link_copied: "Link copied",
    copied: "Copied",
    other_language: "Русский",
};
