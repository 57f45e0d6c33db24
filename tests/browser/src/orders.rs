//! The operators' board: what an answer touches on the page, and what becomes of a move.

use std::{cell::RefCell, rc::Rc};

use app::{orders, telegram::Platform};
use domain::orders::{
    Change, Counts, Order, OrderDetail, SellerId, Status,
    messages::{ChangeStatus, Changed, LostRace, OrderAnswer, OrderList},
};
use leptos::prelude::window;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, MutationRecord};

use crate::{
    fake_clock::FakeClock,
    fake_server::{Call, FakeServer, Reply},
    page::{Host, ORDERS, RUSSIAN, Watch, clear_storage, open_with, plain, price, text},
};

/// When everything in these tests has happened: on a day that is not today.
const AT: u64 = 1_763_600_000_000;

fn order(number: u64, status: Status, version: u64) -> Order {
    Order {
        id: format!("MSK-{number}").parse().unwrap(),
        created_at: AT + number,
        status,
        version,
        changed_at: AT + version,
        changed_by: "Борис".into(),
        seller: SellerId(7),
        part: "Кронштейн".into(),
        material: "PA12".into(),
        quantity: 4,
        price_kopecks: price(1_250_000),
    }
}

/// The factory and its board: orders, and how they are answered.
#[derive(Clone, Default)]
struct Factory(Rc<RefCell<Vec<Order>>>);

impl Factory {
    fn with(numbers: &[u64]) -> Self {
        let orders = numbers
            .iter()
            .map(|&number| order(number, Status::Approved, 1));
        Self(Rc::new(RefCell::new(orders.collect())))
    }

    /// Somebody else moves it.
    fn set(&self, number: u64, status: Status, version: u64) {
        let mut orders = self.0.borrow_mut();
        orders.retain(|order| order.id.number() != number);
        orders.push(order(number, status, version));
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for order in self.0.borrow().iter() {
            *counts.0.entry(order.status).or_default() += 1;
        }
        counts
    }

    fn list(&self, url: &str) -> Reply {
        let status = url
            .split("status=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let number = url
            .split("number=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let mut orders = self.0.borrow().clone();
        orders.retain(|order| {
            status.is_none_or(|status| order.status.name() == status)
                && number.is_none_or(|number| order.id.to_string().contains(number))
        });
        orders.sort_by_key(|order| std::cmp::Reverse(order.rank()));
        let list = OrderList {
            orders,
            next: None,
            counts: Some(self.counts()),
            epoch: 3,
            age_ms: 0,
            stale: false,
            poll_after_ms: 5_000,
        };
        Reply::json(&list)
            .header("x-poll-after-ms", 5_000)
            .header("x-epoch", 3)
    }

    fn detail(&self, url: &str) -> Reply {
        let id = url.trim_start_matches("/api/orders/").trim_end_matches('/');
        let found = self
            .0
            .borrow()
            .iter()
            .find(|order| order.id.to_string() == id)
            .cloned();
        let Some(order) = found else {
            return Reply::status(404);
        };
        let history = vec![Change {
            status: order.status,
            at: order.changed_at,
            by: order.changed_by.clone(),
            version: order.version,
        }];
        Reply::json(&OrderAnswer {
            order: OrderDetail {
                order,
                comment: Some("<b>Срочно</b>".into()),
                model: None,
                history,
            },
            epoch: 3,
            age_ms: 0,
            stale: false,
        })
    }

    fn answer(&self, call: &Call) -> Option<Reply> {
        let url = call.url.as_str();
        if url.starts_with("/api/orders/?") {
            return Some(self.list(url));
        }
        if url.ends_with("/status") {
            let change: ChangeStatus = serde_json::from_str(&call.body).unwrap();
            let number = url.split(['-', '/']).nth(4).unwrap().parse().unwrap();
            let made = order(number, change.status, change.expected_version + 1);
            self.set(number, change.status, change.expected_version + 1);
            return Some(Reply::json(&Changed {
                order: made,
                epoch: 4,
            }));
        }
        url.starts_with("/api/orders/").then(|| self.detail(url))
    }
}

struct Screen {
    clock: FakeClock,
    server: FakeServer,
    factory: Factory,
    host: Host,
}

async fn begin(numbers: &[u64]) -> Screen {
    let clock = FakeClock::install();
    let server = FakeServer::install(&[]);
    let factory = Factory::with(numbers);
    let known = factory.clone();
    server.answer_with(move |call| known.answer(call));
    clear_storage();
    open_with(RUSSIAN);
    let host = Host::dressed(ORDERS, |place| orders::mount(place, Platform::start()));
    clock.settle().await;
    Screen {
        clock,
        server,
        factory,
        host,
    }
}

impl Screen {
    fn row(&self, number: u64) -> HtmlElement {
        self.host.one(&format!("[data-id=\"MSK-{number}\"]"))
    }

    /// What is told of where it stands.
    fn says(&self, number: u64) -> String {
        let told = self.host.one(&format!("[data-id=\"MSK-{number}\"] .where"));
        plain(&text(&told)).replace('\n', " | ")
    }

    fn tap(&self, number: u64, button: &str) {
        self.host
            .one(&format!("[data-id=\"MSK-{number}\"] .{button}"))
            .click();
    }

    fn numbers(&self) -> Vec<String> {
        let rows = self.host.all("li.order");
        rows.iter()
            .map(|row| row.get_attribute("data-id").unwrap())
            .collect()
    }

    fn changes(&self) -> Vec<Call> {
        let calls = self.server.calls().into_iter();
        calls.filter(|call| call.url.ends_with("/status")).collect()
    }

    fn reads(&self) -> usize {
        let calls = self.server.calls().into_iter();
        calls
            .filter(|call| call.url.starts_with("/api/orders/?"))
            .count()
    }
}

/// The orders whose rows were touched.
fn touched(changes: &[MutationRecord]) -> Vec<String> {
    let mut touched: Vec<String> = changes
        .iter()
        .map(|change| {
            use wasm_bindgen::JsCast;
            let target = change.target().unwrap();
            let element = match target.dyn_into::<web_sys::Element>() {
                Ok(element) => element,
                Err(node) => node.parent_element().unwrap(),
            };
            let row = element.closest("li.order").unwrap();
            row.map_or_else(
                || "the list".to_owned(),
                |row| row.get_attribute("data-id").unwrap(),
            )
        })
        .collect();
    touched.sort();
    touched.dedup();
    touched
}

#[wasm_bindgen_test]
async fn a_change_elsewhere_touches_its_own_row_and_no_other() {
    let screen = begin(&[3, 2, 1]).await;
    assert_eq!(screen.numbers(), ["MSK-3", "MSK-2", "MSK-1"]);
    let (row, list) = (screen.row(2), screen.host.one("ul"));
    let top = row.get_bounding_client_rect().top();
    let below = screen.row(1).get_bounding_client_rect().top();
    let watch = Watch::everything(&list);
    screen.clock.advance(6_000).await;
    assert!(watch.changes().is_empty(), "nothing has changed");

    screen.factory.set(2, Status::Started, 9);
    screen.clock.advance(6_000).await;
    assert_eq!(screen.numbers().len(), 3, "it stays in its place");
    assert_eq!(touched(&watch.changes()), ["MSK-2"]);
    assert!(row.is_same_node(Some(&screen.row(2))), "the same node");
    assert_eq!(row.get_bounding_client_rect().top(), top);
    assert_eq!(screen.row(1).get_bounding_client_rect().top(), below);
    assert!(
        screen.says(2).starts_with("→ В работе | Борис, "),
        "{}",
        screen.says(2)
    );
    assert!(screen.host.all("[data-id=\"MSK-2\"] .step").is_empty());
    assert_eq!(plain(&text(&screen.host.one(".pill"))), "1 ушёл");
}

#[wasm_bindgen_test]
async fn what_has_left_goes_and_what_is_new_comes_on_a_tap() {
    let screen = begin(&[3, 2, 1]).await;
    let row = screen.row(1);
    screen.factory.set(2, Status::Started, 9);
    screen.factory.set(4, Status::Approved, 10);
    screen.factory.set(5, Status::Approved, 11);
    screen.clock.advance(6_000).await;
    assert_eq!(screen.numbers(), ["MSK-3", "MSK-2", "MSK-1"]);
    let pill = screen.host.one(".pill");
    assert_eq!(plain(&text(&pill)), "1 ушёл · 2 новых");
    pill.click();
    screen.clock.settle().await;
    assert_eq!(screen.numbers(), ["MSK-5", "MSK-4", "MSK-3", "MSK-1"]);
    assert!(
        row.is_same_node(Some(&screen.row(1))),
        "known rows keep their nodes"
    );
    assert!(screen.host.all(".pill").is_empty());
}

#[wasm_bindgen_test]
async fn a_move_is_shown_at_once_and_settles() {
    let screen = begin(&[2, 1]).await;
    screen.tap(2, "step");
    // Nobody has answered yet.
    assert_eq!(screen.row(2).get_attribute("aria-busy").unwrap(), "false");
    screen.clock.settle().await;
    assert_eq!(screen.changes().len(), 1);
    assert_eq!(
        screen.changes()[0].body,
        r#"{"status":"started","expected_version":1}"#
    );
    assert!(screen.says(2).starts_with("→ В работе | Борис"));
    assert_eq!(
        text(
            &screen
                .host
                .one("[data-id=\"MSK-2\"] .undo span:first-child")
        ),
        "Вернуть"
    );
    let count = screen.host.one("#tab-started .count");
    assert_eq!(text(&count), "1", "the counts follow");
    assert!(
        screen
            .server
            .calls()
            .iter()
            .any(|call| call.url.contains("min_epoch=4"))
            || screen.reads() > 1
    );
}

#[wasm_bindgen_test]
async fn a_lost_race_is_taken_back_and_says_who_was_quicker() {
    let screen = begin(&[2, 1]).await;
    let row = screen.row(2);
    let known = screen.factory.clone();
    screen.server.answer_with(move |call| {
        if !call.url.ends_with("/status") {
            return known.answer(call);
        }
        known.set(2, Status::Started, 7);
        let problem =
            serde_json::from_str(r#"{"type":"/problems/lost-race","title":"","status":409}"#);
        let lost = LostRace {
            problem: problem.unwrap(),
            order: order(2, Status::Started, 7),
        };
        let body = serde_json::to_string(&lost).unwrap();
        Some(Reply::with_status(409, &body))
    });
    screen.tap(2, "step");
    screen.clock.settle().await;
    assert!(
        screen.says(2).starts_with("Вас опередили | Взято: Борис, "),
        "{}",
        screen.says(2)
    );
    assert!(row.is_same_node(Some(&screen.row(2))));
    let spoken = text(&screen.host.one(".news"));
    assert!(
        spoken.starts_with("MSK-2: Вас опередили. Взято: Борис"),
        "{spoken}"
    );
}

#[wasm_bindgen_test]
async fn every_refusal_is_taken_back_with_its_own_words() {
    let screen = begin(&[2, 1]).await;
    for (status, words) in [
        (503, "система завода не отвечает"),
        (403, "это не ваш шаг"),
        (422, "так заказ не двигают"),
        (500, "сбой у нас"),
    ] {
        let known = screen.factory.clone();
        screen
            .server
            .answer_with(move |call| match call.url.ends_with("/status") {
                true => Some(Reply::status(status)),
                false => known.answer(call),
            });
        screen.clock.advance(1_000).await;
        screen.tap(2, "step");
        screen.clock.settle().await;
        let says = screen.says(2);
        assert!(
            says.contains("Не сохранено") && says.contains(words),
            "{says}"
        );
        assert_eq!(
            text(
                &screen
                    .host
                    .one("[data-id=\"MSK-2\"] .step span:first-child")
            ),
            "Взять"
        );
    }
}

#[wasm_bindgen_test]
async fn what_nobody_knows_the_next_read_tells() {
    let screen = begin(&[2, 1]).await;
    let known = screen.factory.clone();
    let held = Rc::new(RefCell::new(true));
    let holds = held.clone();
    screen
        .server
        .answer_with(move |call| match call.url.as_str() {
            url if url.ends_with("/status") => Some(Reply::status(504)),
            _ if *holds.borrow() => Some(Reply::status(503)),
            _ => known.answer(call),
        });
    screen.tap(2, "step");
    screen.clock.settle().await;
    assert_eq!(screen.says(2), "Неизвестно, сохранено ли | обновляем…");
    assert!(
        screen.host.all("[data-id=\"MSK-2\"] .step").is_empty(),
        "not tried again in the dark"
    );
    held.replace(false);
    screen.clock.advance(5_000).await;
    assert!(
        screen
            .says(2)
            .starts_with("Не сохранено | заказ остался на месте"),
        "{}",
        screen.says(2)
    );

    // The other way: it was made after all.
    held.replace(true);
    screen.tap(2, "step");
    screen.clock.settle().await;
    screen.factory.set(2, Status::Started, 8);
    held.replace(false);
    screen.clock.advance(5_000).await;
    assert!(
        screen.says(2).starts_with("→ В работе | Борис"),
        "{}",
        screen.says(2)
    );
}

#[wasm_bindgen_test]
async fn two_taps_are_one() {
    let screen = begin(&[2, 1]).await;
    let button = screen.host.one("[data-id=\"MSK-2\"] .step");
    button.click();
    button.click();
    screen.clock.settle().await;
    button.click();
    screen.clock.settle().await;
    assert_eq!(screen.changes().len(), 1);
}

#[wasm_bindgen_test]
async fn it_polls_while_somebody_looks_and_at_the_pace_of_the_edge() {
    let screen = begin(&[1]).await;
    let before = screen.reads();
    screen.clock.advance(16_600).await;
    assert_eq!(screen.reads() - before, 3);
    // A detail is looked at in place of the list.
    screen.host.one("[data-id=\"MSK-1\"] .open").click();
    screen.clock.settle().await;
    assert!(screen.host.says("Срочно"), "what sellers write is text");
    let before = screen.reads();
    screen.clock.advance(16_600).await;
    assert_eq!(screen.reads(), before);
    screen.factory.set(1, Status::Packaging, 9);
    screen.clock.advance(6_000).await;
    assert!(text(&screen.host.one(".detail .where")).contains("Упаковка"));
    window().history().unwrap().back().unwrap();
    screen.clock.paint().await;
    screen.clock.advance(100).await;
    assert!(screen.says(1).contains("→ Упаковка"), "{}", screen.says(1));
}

#[wasm_bindgen_test]
async fn a_driver_is_told_whose_screen_this_is() {
    let clock = FakeClock::install();
    let server = FakeServer::install(&[]);
    server.answer_with(|call| {
        call.url
            .starts_with("/api/orders/")
            .then(|| Reply::status(403))
    });
    clear_storage();
    open_with(RUSSIAN);
    let host = Host::dressed(ORDERS, |place| orders::mount(place, Platform::start()));
    clock.settle().await;
    assert!(host.says("Этот экран для операторов завода"));
    let link = host.one(".notice a").get_attribute("href").unwrap();
    assert!(link.starts_with("/?cargos#tgWebAppData="), "{link}");
    let asked = server.calls().len();
    clock.advance(120_000).await;
    assert_eq!(server.calls().len(), asked, "nobody asks in vain");
}

#[wasm_bindgen_test]
async fn a_number_is_looked_for_wherever_it_stands() {
    let screen = begin(&[12, 11]).await;
    screen.factory.set(13, Status::Shipped, 5);
    let field: web_sys::HtmlInputElement = {
        use wasm_bindgen::JsCast;
        screen.host.one(".search input").unchecked_into()
    };
    for typed in ["м", "мс", "мск-13"] {
        field.set_value(typed);
        field
            .dispatch_event(&web_sys::Event::new("input").unwrap())
            .unwrap();
    }
    let before = screen.reads();
    screen.clock.advance(400).await;
    assert_eq!(
        screen.reads() - before,
        2,
        "once for what was typed, and its first poll"
    );
    assert_eq!(screen.numbers(), ["MSK-13"]);
    assert!(
        window()
            .location()
            .search()
            .unwrap()
            .contains("number=MSK-13")
    );
    screen.host.one(".clear").click();
    screen.clock.settle().await;
    assert_eq!(screen.numbers(), ["MSK-12", "MSK-11"]);
}
