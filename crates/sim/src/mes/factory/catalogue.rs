//! What is ordered, of what, by whom it is made, and what people write to it.

/// Parts: how people call them, and how their files are called.
pub const PARTS: [(&str, &str); 24] = [
    ("Кронштейн крепления датчика", "Кронштейн_датчика"),
    (
        "Корпус редуктора, верхняя половина",
        "Корпус_редуктора_верх",
    ),
    ("Крышка клеммной коробки", "Крышка_клеммной_коробки"),
    ("Втулка переходная 12/16", "Втулка_переходная_12-16"),
    ("Шестерня z=24 m=1,5", "Шестерня_z24_m1.5"),
    ("Рычаг переключения", "Рычаг_переключения"),
    ("Фланец DN50", "Фланец_DN50"),
    ("Держатель платы DIN-рейки", "Держатель_платы_DIN"),
    ("Направляющая каретки", "Направляющая_каретки"),
    ("Сопло распылителя", "Сопло_распылителя"),
    ("Ручка-барашек М8", "Ручка-барашек_М8"),
    ("Воздуховод левый", "Воздуховод_левый"),
    ("Кожух вентилятора 120 мм", "Кожух_вентилятора_120"),
    ("Опора регулируемая", "Опора_регулируемая"),
    ("Gearbox housing, lower half", "gearbox_housing_lower"),
    ("Sensor bracket L-shaped", "sensor_bracket_L"),
    ("Cable guide 8x4", "cable_guide_8x4"),
    ("Pump impeller 6 blades", "pump_impeller_6b"),
    ("Drone arm, front left", "drone_arm_FL"),
    ("Snap-fit enclosure 80x60x25", "snapfit_enclosure_80x60x25"),
    ("Robot gripper finger", "gripper_finger_soft"),
    ("Camera mount GoPro-style", "camera_mount_gopro"),
    ("Manifold block G1/4", "manifold_G1-4"),
    ("Heat sink duct", "heatsink_duct"),
];

/// What files of models end in.
pub const EXTENSIONS: [&str; 5] = ["stp", "step", "stl", "m3d", "SLDPRT"];

/// Of what parts are made.
pub const MATERIALS: [&str; 10] = [
    "PA12",
    "PA12-GF",
    "PA11",
    "ABS",
    "PETG",
    "TPU 95A",
    "PC",
    "AISI 316L",
    "ALSI10MG",
    "TI6AL4V",
];

/// Those who stand at the machines.
pub const OPERATORS: [&str; 12] = [
    "Анна Белова",
    "Иван Петров",
    "Марат Галиев",
    "Ольга Ким",
    "Сергей Дорохов",
    "Тимур Ахмедов",
    "Елена Зуева",
    "Пётр Лисин",
    "Наталья Орлова",
    "Артём Коваль",
    "Вера Соколова",
    "Дмитрий Чернов",
];

/// What sellers write to an order.
pub const COMMENTS: [&str; 14] = [
    "Покрасить в RAL 7035, матовый.",
    "Заказчик просит ускорить: стоит линия.",
    "Размер 24H7 обязательно проверить калибром.",
    "Первую деталь — на согласование, остальное после ответа.",
    "Отгрузка до вторника, самовывоз.",
    "Как в прошлый раз, но толщина стенки 3 мм.",
    "Резьбу М6 нарезать после печати.",
    "Поверхность без следов поддержек на лицевой стороне.",
    "Упаковать по 10 штук, подписать пакеты.",
    "Please keep the orientation from the drawing.",
    "Threads M4 x 0.7 to be tapped, not printed.",
    "Customer wants photos before shipping.",
    "Batch for certification: keep the powder lot number.",
    "Срочно!\nЗвонить Ольге: +7 900 000-00-00, доб. 12",
];
