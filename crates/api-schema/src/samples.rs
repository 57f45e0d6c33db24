//! Real messages: what examples show. Their ids are such as the simulator has, so that they can be tried as they are.

use std::str::FromStr;

use domain::{
    Cargo, CargoDetail, Etag, FreightType, Kopecks, Lang, NamedPoint, Place, PriceDelta,
    PriceHistory,
    cargo::PriceMove,
    detail::{Company, Contact, Stop},
    messages::{
        Breaker, CardRow, CargoList, Detail, DetailPage, Dictionary, Driver, Health, History,
        Invalidate, Invalidated, PriceRow, Prices, Session, SignIn, Target, Upstream,
    },
    orders::{
        Change, Counts, ModelFile, Order, OrderDetail, QuoteId, Quoted, SellerId, Status,
        messages::{ChangeStatus, Changed, OrderAnswer, OrderHook, OrderList, Quote, QuoteState},
    },
};

/// The moment at which all of them are told, Unix milliseconds.
pub const NOW: u64 = 1_763_600_000_000;

/// Of text that is written down here.
fn read<T: FromStr>(text: &str) -> T {
    let read = text.parse();
    read.unwrap_or_else(|_| unreachable!("{text} is well written"))
}

fn kopecks(kopecks: i64) -> Kopecks {
    Kopecks::new(kopecks).unwrap_or_else(|| unreachable!("{kopecks} is a price"))
}

pub fn sign_in() -> SignIn {
    let user = "%7B%22id%22%3A5000000001%2C%22first_name%22%3A%22Anna%22%7D";
    let hash = "c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2";
    SignIn {
        init_data: format!(
            "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user={user}&auth_date=1763600000&hash={hash}"
        ),
    }
}

pub fn session() -> Session {
    Session {
        session_token:
            "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjM2NDMyMDAsInN1YiI6NTAwMDAwMDAwMX0.c2lnbmF0dXJl"
                .to_owned(),
        expires_at: NOW + 43_200_000,
        driver: Driver {
            driver_id: 5_000_000_001,
            first_name: "Anna".to_owned(),
            username: None,
            language_code: Some("ru".to_owned()),
        },
    }
}

pub fn cargo() -> Cargo {
    Cargo {
        id: read("6236969888"),
        from: Place {
            city: Some("Москва".to_owned()),
            date: Some(read("2026-01-15T08:30")),
        },
        to: Place {
            city: Some("Казань".to_owned()),
            date: Some(read("2026-01-16")),
        },
        price_kopecks: Some(kopecks(5_850_000)),
        price_per_km_kopecks: Some(kopecks(7_200)),
        weight_kg: Some(20_000),
        volume_m3: Some(82.5),
        distance_km: Some(812),
        load_types: vec!["задн.".to_owned()],
        truck_types: vec!["реф.".to_owned()],
        company: Some("ООО «Вектор»".to_owned()),
        moved: Some(PriceMove {
            at: NOW - 60_000,
            was: Some(kopecks(5_700_000)),
        }),
    }
}

pub fn cargo_list() -> CargoList {
    CargoList {
        total: 431,
        offset: 0,
        next_offset: Some(1),
        as_of: NOW - 3_200,
        stale: false,
        left_out: 0,
        cargos: vec![cargo()],
    }
}

pub fn card_list() -> CargoList<CardRow> {
    cards::text::lang::speak(Lang::Ru);
    cargo_list().map(|cargo| cards::card::row(&cargo, NOW))
}

pub fn prices() -> Prices {
    let rows = vec![
        PriceRow(read("6236969888"), Some(kopecks(5_850_000))),
        PriceRow(read("6236969826"), None),
        PriceRow(read("6236969801"), Some(kopecks(1_350_000))),
    ];
    Prices {
        etag: Etag::of_prices(431, &rows),
        as_of: NOW - 3_200,
        age_ms: 3_200,
        stale: false,
        coherent: true,
        total: 431,
        poll_after_ms: 10_000,
        since: None,
        prices: rows,
        order: None,
    }
}

/// The same for somebody who knew them when the first cost less and the last was not there.
pub fn price_changes() -> Prices {
    let whole = prices();
    let before = [
        PriceRow(whole.prices[0].0, Some(kopecks(5_700_000))),
        whole.prices[1],
    ];
    let delta = PriceDelta::between(&before, &whole.prices);
    Prices {
        since: Some(Etag::of_prices(430, &before)),
        prices: delta.changed,
        order: delta.order,
        ..whole
    }
}

fn cargo_detail() -> CargoDetail {
    let company = Company {
        name: Some("ООО «Вектор»".to_owned()),
        inn: Some("1655000000".to_owned()),
        kind: Some("shipper".to_owned()),
        security_status: Some("verified".to_owned()),
    };
    CargoDetail {
        cargo: cargo(),
        loading: Stop {
            address: Some("ул. Промышленная, 5".to_owned()),
            until: Some(read("2026-01-15")),
        },
        unloading: Stop::default(),
        goods: Some("молочная продукция".to_owned()),
        note: None,
        load_types: vec!["задняя".to_owned()],
        truck_types: vec!["рефрижератор".to_owned()],
        company: Some(company),
        shipper: None,
        external_inn: None,
        contacts: vec![Contact {
            name: Some("Анна".to_owned()),
            kind: Some("company".to_owned()),
            phones: vec!["+7 900 000-00-00".to_owned()],
        }],
        partner: None,
        url: None,
        created_at: Some(read("2026-01-14T17:05")),
        round_trip: Some(false),
        partial_load: None,
        archived: Some(false),
    }
}

pub fn detail() -> Detail {
    Detail {
        as_of: NOW - 120_000,
        stale: false,
        price_age_ms: 3_200,
        cargo: cargo_detail(),
    }
}

pub fn detail_page() -> Detail<DetailPage> {
    cards::text::lang::speak(Lang::Ru);
    detail().map(|detail| DetailPage {
        route: cards::text::route(&detail.cargo),
        html: cards::facts::html(&detail),
    })
}

pub fn history() -> History {
    let mut changes = PriceHistory::default();
    changes.note(NOW - 7_200_000, Some(kopecks(5_700_000)));
    changes.note(NOW - 3_600_000, None);
    changes.note(NOW - 60_000, Some(kopecks(5_850_000)));
    History { now: NOW, changes }
}

pub fn points() -> Dictionary<NamedPoint> {
    let moscow = NamedPoint {
        id: 62,
        kind: 2,
        name: "Москва".to_owned(),
    };
    Dictionary {
        items: vec![moscow],
    }
}

pub fn types() -> Dictionary<FreightType> {
    let reefer = FreightType {
        id: 6,
        name: "рефрижератор".to_owned(),
        short_name: "реф.".to_owned(),
    };
    Dictionary {
        items: vec![reefer],
    }
}

pub fn invalidate() -> Invalidate {
    Invalidate {
        timestamp: NOW,
        target: Target::Key {
            filters: "mode=all".to_owned(),
            page: 0,
            driver_id: 0,
        },
    }
}

pub fn invalidated() -> Invalidated {
    Invalidated {
        invalidated: 1,
        epoch: 3,
    }
}

pub fn order() -> Order {
    Order {
        id: read("MSK-2264"),
        created_at: NOW - 86_400_000,
        status: Status::Started,
        version: 12_853,
        changed_at: NOW - 60_000,
        changed_by: "Анна Белова".to_owned(),
        seller: SellerId(39),
        part: "Втулка переходная 12/16, 946".to_owned(),
        material: "AISI 316L".to_owned(),
        quantity: 8,
        price_kopecks: Some(kopecks(3_580_464)),
    }
}

pub fn orders() -> OrderList {
    OrderList {
        orders: vec![order()],
        next: Some(read("1763513600000.MSK-2264")),
        counts: Some(Counts(
            [(Status::Approved, 31), (Status::Started, 12)].into(),
        )),
        epoch: 17,
        age_ms: 2_400,
        stale: false,
        poll_after_ms: 5_000,
    }
}

pub fn order_answer() -> OrderAnswer {
    let order = order();
    let change = |status, at, by: &str, version| Change {
        status,
        at,
        by: by.to_owned(),
        version,
    };
    let history = vec![
        change(Status::Submitted, order.created_at, "Продавец 39", 12_850),
        change(Status::PriceCalculated, NOW - 75_000_000, "MES", 12_851),
        change(Status::Approved, NOW - 3_600_000, "CRM", 12_852),
        change(
            Status::Started,
            order.changed_at,
            &order.changed_by,
            order.version,
        ),
    ];
    OrderAnswer {
        order: OrderDetail {
            order,
            comment: Some("Без поддержек".to_owned()),
            model: Some(ModelFile {
                name: "Втулка_переходная_12-16_946_v6.stl".to_owned(),
                bytes: 10_578_521,
            }),
            history,
        },
        epoch: 17,
        age_ms: 2_400,
        stale: false,
    }
}

pub fn change_status() -> ChangeStatus {
    ChangeStatus {
        status: Status::Completed,
        expected_version: order().version,
    }
}

pub fn changed() -> Changed {
    Changed {
        order: Order {
            status: Status::Completed,
            version: 12_961,
            changed_at: NOW,
            changed_by: "Иван Петров".to_owned(),
            ..order()
        },
        epoch: 18,
    }
}

pub fn order_hook() -> OrderHook {
    OrderHook {
        delivery: read("d-12853"),
        timestamp: NOW,
        order: order(),
    }
}

fn quote(state: QuoteState) -> Quote {
    let id = QuoteId(std::array::from_fn(|i| (i as u8).wrapping_mul(37)));
    Quote { id, state }
}

pub fn quote_calculating() -> Quote {
    quote(QuoteState::Calculating {
        percent: 40,
        poll_after_ms: 1_000,
    })
}

pub fn quote_ready() -> Quote {
    quote(QuoteState::Ready {
        quoted: Quoted {
            price_kopecks: kopecks(125_000),
            days: 3,
        },
        age_ms: 4_200,
    })
}

pub fn quote_failed() -> Quote {
    quote(QuoteState::Failed {
        reason: "the mesh is not closed".to_owned(),
        retry_after_ms: 29_000,
    })
}

pub fn live() -> Health {
    Health::Live {
        commit: Some("1a2b3c4d5e6f".to_owned()),
    }
}

pub fn ready() -> Health {
    Health::Ready {
        upstream: Upstream {
            breaker: Breaker::Closed,
            logged_in: true,
            calls_left: 58.5,
            paused_for_ms: 0,
            in_line: 0,
        },
    }
}
