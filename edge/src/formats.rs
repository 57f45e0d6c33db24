//! Every form in which something is stored, or told to another part of the Worker, as it is written today.
//!
//! Two versions of the Worker read each other's: while a new one is being deployed, for as long as records and objects live, and
//! after a rollback. So forms only ever grow, and what can't be read is none, never a crash. Where a test here fails because a
//! form has changed:
//!
//! - *A field is new*: give it a default, so that the older form is read, and add the new form beside the old one.
//! - *It can't be had without a break*: give the record another number, the message another name, the column another name; and
//!   have one version read both before the next one writes the new.

use std::collections::BTreeMap;

use domain::{
    PriceHistory,
    orders::{Order, OrderId, Rank, Status, messages::QuoteState},
};
use proptest::{prelude::*, sample::Index};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use swr::{
    Epoch, Flight,
    board::{Doubt, Spans},
};

use crate::{
    metrics_do,
    objects::Envelope,
    orders::{
        board::{self, DetailTold, ListTold, Told},
        shelf::Kept,
    },
    price_history_do, quote_do,
    record::{self, Record},
    refresher_do::{self, Outcome, Refreshed},
    tally::Counts,
    upstream_guard_do::{self, CallError, Fetched, Invalidated},
};

/// One form.
struct Format {
    /// Where it stands, and what in it.
    what: &'static str,
    /// An example, as it is written today.
    today: &'static str,
    read: Read,
}

/// Reads a text and writes down what was understood of it; `None` if that was nothing.
type Read = fn(&str) -> Option<String>;

fn json<T: Serialize + DeserializeOwned>(text: &str) -> Option<String> {
    let value: T = serde_json::from_str(text).ok()?;
    Some(serde_json::to_string(&value).unwrap())
}

fn reply<T: Serialize + DeserializeOwned>(text: &str) -> Option<String> {
    json::<Envelope<T>>(text)
}

fn record(text: &str) -> Option<String> {
    Record::decode(text).map(|record| record.encode())
}

fn quote(text: &str) -> Option<String> {
    let kept = quote_do::Kept::read(serde_json::from_str(text).ok()?)?;
    Some(serde_json::to_string(&kept).unwrap())
}

type Refused = std::result::Result<Fetched, CallError>;

const PAGE: &str = r#"{"v":4,"stamp":{"ticket":{"epoch":1,"sequence":7},"fetched_at":1763600000000,"cost":300,"waited":20,"spread":7},"content":{"list":{"total":3,"left_out":1,"cargos":[{"id":"6236980507","from":{"city":"Тверь","date":"2026-01-15T08:30"},"to":{"city":null,"date":null},"price_kopecks":13500000,"price_per_km_kopecks":5400,"weight_kg":7500,"volume_m3":45.5,"distance_km":2500,"load_types":["задн."],"truck_types":["реф."],"company":"Рога и копыта","moved":{"at":1763599990000,"was":null}}]}}}"#;

const FORMATS: &[Format] = &[
    Format {
        what: "KV, and the object of a key: a page of a list",
        today: PAGE,
        read: record,
    },
    Format {
        what: "the same: a detail",
        today: r#"{"v":4,"stamp":{"ticket":{"epoch":0,"sequence":1},"fetched_at":5,"cost":300,"waited":0,"spread":0},"content":{"cargo":{"cargo":{"id":"1","from":{"city":null,"date":null},"to":{"city":null,"date":null},"price_kopecks":null,"price_per_km_kopecks":null,"weight_kg":null,"volume_m3":null,"distance_km":null,"load_types":[],"truck_types":[],"company":null},"loading":{"address":"ул. Ленина, 1","until":"2026-01-16"},"unloading":{"address":null,"until":null},"goods":"мука","note":null,"load_types":[],"truck_types":[],"company":{"name":"Рога","inn":"7700000000","kind":"broker","security_status":null},"shipper":null,"external_inn":null,"contacts":[{"name":"Анна","kind":null,"phones":["+7 900"]}],"partner":null,"url":null,"created_at":"2026-01-14T10:00","round_trip":null,"partial_load":false,"archived":null}}}"#,
        read: record,
    },
    Format {
        what: "the same: no such cargo",
        today: r#"{"v":4,"stamp":{"ticket":{"epoch":0,"sequence":1},"fetched_at":5,"cost":300,"waited":0,"spread":0},"content":{"cargo":null}}"#,
        read: record,
    },
    Format {
        what: "the same: places",
        today: r#"{"v":4,"stamp":{"ticket":{"epoch":0,"sequence":1},"fetched_at":5,"cost":300,"waited":0,"spread":0},"content":{"points":[{"id":1,"type":2,"name":"Тверь"}]}}"#,
        read: record,
    },
    Format {
        what: "the same: kinds of trucks",
        today: r#"{"v":4,"stamp":{"ticket":{"epoch":0,"sequence":1},"fetched_at":5,"cost":300,"waited":0,"spread":0},"content":{"types":[{"id":1,"name":"рефрижератор","short_name":"реф."}]}}"#,
        read: record,
    },
    Format {
        what: "the object of a key: its fence and back-off",
        today: r#"{"fence":{"epoch":2,"begun":7,"landed":6},"failures":1,"retry_at":1763600000000,"refused":"background"}"#,
        read: json::<Flight>,
    },
    Format {
        what: "price histories: how a price went",
        today: "[[1763600000000,13500000],[1763600010000,null]]",
        read: json::<PriceHistory>,
    },
    Format {
        what: "metrics: all counts",
        today: r#"{"loadboard_joins_total{class=\"waiting\"}":3}"#,
        read: json::<Counts>,
    },
    Format {
        what: "the order board: a row",
        today: r#"{"id":"MSK-5","created_at":1763600000000,"status":"approved","version":7,"changed_at":1763600000001,"changed_by":"Anna","seller":7,"part":"bracket","material":"PA12","quantity":4,"price_kopecks":125000}"#,
        read: json::<Order>,
    },
    Format {
        what: "the order board: what was read",
        today: r#"[["approved",[{"from":null,"to":{"created_at":1763600000000,"id":"MSK-5"},"stamp":{"ticket":{"epoch":0,"sequence":1},"fetched_at":5,"cost":300,"waited":0,"spread":0},"as_of":7}]]]"#,
        read: json::<Spans<Status, Rank>>,
    },
    Format {
        what: "the order board: a change under way",
        today: r#"{"key":"MSK-5","to":"started","since":1763600000000}"#,
        read: json::<Doubt<OrderId, Status>>,
    },
    Format {
        what: "a quote: done",
        today: r#"{"v":1,"job":{"attempts":1,"state":{"done":{"value":{"price_kopecks":125000,"days":3},"at":1763600000000}}},"order":{"model":"abab","wanted":{"material":"PA12","quantity":4}}}"#,
        read: quote,
    },
    Format {
        what: "a quote: failed",
        today: r#"{"v":1,"job":{"attempts":2,"state":{"failed":{"reason":"too thin","at":5}}},"order":null}"#,
        read: quote,
    },
    Format {
        what: "a quote: under way",
        today: r#"{"v":1,"job":{"attempts":1,"state":"under_way"},"order":null}"#,
        read: quote,
    },
    Format {
        what: "to the object of a key: refresh",
        today: r#"{"refresh":{"key":"account/cargos/0a5f/0","resource":{"list":{"filters":"mode=all","page":0}},"wish":{"wanted_since":1763600000000,"have":{"epoch":1,"sequence":7},"class":"waiting"},"request":"8c2f"}}"#,
        read: json::<refresher_do::Message>,
    },
    Format {
        what: "the same: places",
        today: r#"{"refresh":{"key":"dictionary/points/0a5f","resource":{"points":"тверь"},"wish":{"wanted_since":0,"have":null,"class":"prefetch"},"request":""}}"#,
        read: json::<refresher_do::Message>,
    },
    Format {
        what: "the same: invalidate",
        today: r#"{"invalidate":"dictionary/load_types"}"#,
        read: json::<refresher_do::Message>,
    },
    Format {
        what: "the same: forgive",
        today: r#""forgive""#,
        read: json::<refresher_do::Message>,
    },
    Format {
        what: "from it: what came of a refresh",
        today: r#"{"reply":{"outcome":"backed_off","joined":true,"record":null,"retry_after_ms":1000,"epoch":2},"counts":{"loadboard_joins_total{class=\"waiting\"}":3}}"#,
        read: reply::<Refreshed>,
    },
    Format {
        what: "from it: the epoch",
        today: r#"{"reply":2,"counts":{}}"#,
        read: reply::<Epoch>,
    },
    Format {
        what: "to the guard: read",
        today: r#"{"read":{"key":"account/cargo/5","resource":{"cargo":"5"},"wanted":{"ticket":{"epoch":1,"sequence":7},"class":"background","copy_of":0,"request":"8c2f"}}}"#,
        read: json::<upstream_guard_do::Message>,
    },
    Format {
        what: "the same: raise",
        today: r#"{"raise":{"key":"dictionary/truck_types","ticket":{"epoch":1,"sequence":7},"class":"waiting"}}"#,
        read: json::<upstream_guard_do::Message>,
    },
    Format {
        what: "the same: how do things stand",
        today: r#""status""#,
        read: json::<upstream_guard_do::Message>,
    },
    Format {
        what: "the same: invalidate",
        today: r#"{"invalidate":{"invalidation":{"target":{"prefix":"u5/"},"signature":"0a5f","good_until":1763600060000},"after":"u5/cargo/7"}}"#,
        read: json::<upstream_guard_do::Message>,
    },
    Format {
        what: "from the guard: what upstream gave",
        today: r#"{"reply":{"Ok":{"content":{"points":[]},"took_ms":300,"waited_ms":20}},"counts":{}}"#,
        read: reply::<Refused>,
    },
    Format {
        what: "from the guard: upstream gave nothing",
        today: r#"{"reply":{"Err":{"upstream":{"kind":"unavailable","status":503}}},"counts":{}}"#,
        read: reply::<Refused>,
    },
    Format {
        what: "from the guard: no call was made",
        today: r#"{"reply":{"Err":{"budget_spent":{"retry_after_ms":1000}}},"counts":{}}"#,
        read: reply::<Refused>,
    },
    Format {
        what: "from the guard: the same",
        today: r#"{"reply":{"Err":{"breaker_open":{"retry_after_ms":4000}}},"counts":{}}"#,
        read: reply::<Refused>,
    },
    Format {
        what: "from the guard: how things stand",
        today: r#"{"reply":{"breaker":"half_open","logged_in":true,"calls_left":59.5,"paused_for_ms":0,"in_line":2},"counts":{}}"#,
        read: reply::<upstream_guard_do::Status>,
    },
    Format {
        what: "from the guard: what was invalidated",
        today: r#"{"reply":{"records":100,"epoch":3,"last":"u5/cargo/7"},"counts":{}}"#,
        read: reply::<Option<Invalidated>>,
    },
    Format {
        what: "to price histories: note",
        today: r#"{"note":{"rows":[["6236980507",13500000],["5",null]],"at":1763600000000}}"#,
        read: json::<price_history_do::Message>,
    },
    Format {
        what: "the same: of which cargo",
        today: r#"{"of":"6236980507"}"#,
        read: json::<price_history_do::Message>,
    },
    Format {
        what: "from price histories",
        today: r#"{"reply":[[1763600000000,13500000]],"counts":{}}"#,
        read: reply::<PriceHistory>,
    },
    Format {
        what: "to metrics: add",
        today: r#"{"add":{"loadboard_joins_total{class=\"waiting\"}":3}}"#,
        read: json::<metrics_do::Message>,
    },
    Format {
        what: "to the order board: a list",
        today: r#"{"site":"MSK","what":{"list":{"filter":{"statuses":"approved,started","seller":7,"site":"MSK","name":"10"},"below":{"created_at":1763600000000,"id":"MSK-5"},"limit":50,"until":null}}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "the same: a detail",
        today: r#"{"site":null,"what":{"detail":{"id":"MSK-5","until":1763600020000}}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "the same: announce",
        today: r#"{"site":null,"what":{"announce":{"mark":4503599627370497,"id":"MSK-5","to":"started"}}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "the same: settle",
        today: r#"{"site":null,"what":{"settle":{"mark":5,"order":null,"from_version":7}}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "the same: the factory's word",
        today: r#"{"site":null,"what":{"hook":{"delivery":"d-1","good_until":1763600600000,"order":{"id":"MSK-5","created_at":1763600000000,"status":"closed","version":7,"changed_at":1763600000001,"changed_by":"CRM","seller":7,"part":"bracket","material":"PA12","quantity":4,"price_kopecks":null}}}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "the same: begin anew",
        today: r#"{"site":null,"what":{"restart":"orders"}}"#,
        read: json::<board::Message>,
    },
    Format {
        what: "from the order board: a list",
        today: r#"{"reply":{"here":{"orders":[{"passed":"on"}],"next":"1763600000000.MSK-5","counts":{"approved":3},"epoch":9,"read_at":1763600000000,"stale":false,"lease_ms":250}},"counts":{}}"#,
        read: reply::<Told<ListTold>>,
    },
    Format {
        what: "from the order board: wait",
        today: r#"{"reply":"wait","counts":{}}"#,
        read: reply::<Told<ListTold>>,
    },
    Format {
        what: "from the order board: nothing",
        today: r#"{"reply":{"nothing":{"retry_after_ms":1000}},"counts":{}}"#,
        read: reply::<Told<DetailTold>>,
    },
    Format {
        what: "from the order board: a detail",
        today: r#"{"reply":{"here":{"order":{"id":"MSK-5","created_at":1763600000000,"status":"started","version":7,"changed_at":1763600000001,"changed_by":"Anna","seller":7,"part":"bracket","material":"PA12","quantity":4,"price_kopecks":125000,"comment":null,"model":{"name":"bracket.stl","bytes":5},"history":[{"status":"started","at":1763600000001,"by":"Anna","version":7}]},"epoch":9,"read_at":1763600000000,"stale":true}},"counts":{}}"#,
        read: reply::<Told<DetailTold>>,
    },
    Format {
        what: "from the order board: what it knows of an order",
        today: r#"{"reply":null,"counts":{}}"#,
        read: reply::<Option<Order>>,
    },
    Format {
        what: "to a quote: ask",
        today: r#"{"id":"abababababababababababababababababababababababababababababababab","order":{"model":"cdcd","wanted":{"material":"PA12","quantity":4}}}"#,
        read: json::<quote_do::Message>,
    },
    Format {
        what: "from a quote: it is there",
        today: r#"{"reply":{"state":"ready","price_kopecks":125000,"days":3,"age_ms":5},"counts":{}}"#,
        read: reply::<Option<QuoteState>>,
    },
    Format {
        what: "from a quote: it will be",
        today: r#"{"reply":{"state":"calculating","percent":40,"poll_after_ms":1000},"counts":{}}"#,
        read: reply::<Option<QuoteState>>,
    },
];

/// Forms that are no longer written and still read.
const EARLIER: &[(&str, Read)] = &[
    // A flight from before calls were refused by class.
    (
        r#"{"fence":{"epoch":2,"begun":7,"landed":6},"failures":1,"retry_at":5}"#,
        json::<Flight>,
    ),
    // A reader from before they said until when they wait.
    (
        r#"{"site":null,"what":{"detail":{"id":"MSK-5","wait":true}}}"#,
        json::<board::Message>,
    ),
    // A quote from before quotes had a number.
    (
        r#"{"job":{"attempts":1,"state":"under_way"},"order":null}"#,
        quote,
    ),
];

/// The same value with a field more in each of its structures, as a later version may write it. What has one entry is the name of
/// something, or a map, and not a structure.
fn grown(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(grown).collect(),
        Value::Object(fields) => {
            let mut more: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, value)| (name.clone(), grown(value)))
                .collect();
            if fields.len() > 1 {
                let future = serde_json::json!([1, {"a": null, "b": "в"}]);
                more.insert("from_the_future".to_owned(), future);
            }
            more.into()
        }
        plain => plain.clone(),
    }
}

#[test]
fn everything_is_written_as_it_was_and_read_back() {
    for Format { what, today, read } in FORMATS {
        assert_eq!(read(today).as_deref(), Some(*today), "{what}");
    }
}

#[test]
fn earlier_forms_are_still_read() {
    for (text, read) in EARLIER {
        assert!(read(text).is_some(), "{text}");
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    for Format { what, today, read } in FORMATS {
        let later = grown(&serde_json::from_str(today).unwrap()).to_string();
        assert_eq!(read(&later).as_deref(), Some(*today), "{what}: {later}");
    }
}

#[test]
fn a_record_of_another_version_is_a_miss_and_all_else_in_the_reply_counts() {
    let number = format!(r#""v":{}"#, record::VERSION);
    assert!(PAGE.contains(&number));
    for other in [record::VERSION - 1, record::VERSION + 1] {
        let page = PAGE.replace(&number, &format!(r#""v":{other}"#));
        let text = format!(
            r#"{{"reply":{{"outcome":"fetched","joined":false,"record":{page},"retry_after_ms":0,"epoch":3}}}}"#
        );
        let Envelope { reply, counts } =
            serde_json::from_str::<Envelope<Refreshed>>(&text).unwrap();
        assert_eq!((reply.outcome, reply.epoch), (Outcome::Fetched, Epoch(3)));
        assert_eq!(counts, BTreeMap::new(), "nobody need count");
        assert_eq!(Record::decode(reply.record.unwrap().get()), None);
    }
}

#[test]
fn an_outcome_that_only_a_newer_object_knows_is_one_all_the_same() {
    let text = r#"{"reply":{"outcome":"postponed","joined":false,"record":null,"retry_after_ms":5,"epoch":3},"counts":{}}"#;
    let Envelope { reply, .. } = serde_json::from_str::<Envelope<Refreshed>>(text).unwrap();
    assert_eq!((reply.outcome, reply.retry_after_ms), (Outcome::Other, 5));
}

#[test]
fn messages_that_only_a_newer_version_knows_are_none() {
    let unknown: [(Read, &str); 6] = [
        (json::<refresher_do::Message>, r#"{"refresh_all":{}}"#),
        (json::<upstream_guard_do::Message>, r#""pause""#),
        (json::<price_history_do::Message>, r#"{"note_all":[]}"#),
        (json::<metrics_do::Message>, r#"{"set":{}}"#),
        (
            json::<board::Message>,
            r#"{"site":null,"what":{"undo":{"mark":5}}}"#,
        ),
        (
            reply::<Told<ListTold>>,
            r#"{"reply":{"there":{}},"counts":{}}"#,
        ),
    ];
    for (read, text) in unknown {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_quote_of_another_version_is_none() {
    let kept = |version: u8| {
        format!(r#"{{"v":{version},"job":{{"attempts":1,"state":"under_way"}},"order":null}}"#)
    };
    assert!(quote(&kept(1)).is_some());
    for version in [0, 2] {
        assert_eq!(quote(&kept(version)), None);
    }
}

#[test]
fn a_board_that_lacks_an_order_believes_no_list() {
    let today = |what: &str| {
        FORMATS
            .iter()
            .find(|format| format.what == what)
            .unwrap()
            .today
    };
    let spans = today("the order board: what was read");
    let row = today("the order board: a row");
    let doubt = today("the order board: a change under way");
    let progress = [
        ("epoch", "5"),
        ("greatest", "7"),
        ("spans", spans),
        ("later", "{}"),
    ];
    let whole = Kept::of(&progress, &[("MSK-5", row)], &[("3", doubt)]);
    assert_eq!((whole.saved.epoch, whole.saved.greatest), (Epoch(5), 7));
    assert_eq!((whole.rows.len(), whole.doubts.len()), (1, 1));
    assert_eq!(whole.saved.spans.len(), 1);
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let lacking: [(Pairs<'_>, Pairs<'_>); 3] = [
        (
            &[("MSK-5", row), ("MSK-6", r#"{"id":"MSK-6"}"#)],
            &[("3", doubt)],
        ),
        (&[("MSK-5", row)], &[("3", doubt), ("4", "{}")]),
        (&[("MSK-5", row)], &[("three", doubt)]),
    ];
    for (rows, doubts) in lacking {
        let lacking = Kept::of(&progress, rows, doubts);
        assert_eq!((lacking.rows.len(), lacking.saved.epoch), (1, Epoch(5)));
        assert!(lacking.saved.spans.is_empty());
    }
}

/// A text with some of its bytes replaced, repeated or left out.
fn spoilt() -> impl Strategy<Value = String> {
    let which = any::<Index>();
    let cuts = prop::collection::vec((any::<Index>(), any::<Index>(), ".{0,4}"), 1..4);
    (which, cuts).prop_map(|(which, cuts)| {
        let mut text: Vec<char> = which.get(FORMATS).today.chars().collect();
        for (from, to, new) in cuts {
            let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
            let cut = from.min(to)..from.max(to).min(from.min(to) + 8);
            drop(text.splice(cut, new.chars()));
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_a_reader_panic(text in prop_oneof![".{0,200}", spoilt()]) {
        for format in FORMATS {
            let _ = (format.read)(&text);
        }
        let text = text.as_str();
        Kept::of(&[("spans", text), ("epoch", text)], &[("MSK-5", text)], &[(text, text)]);
    }

    /// KV and SQLite hold text, but nobody promises that it is any.
    #[test]
    fn nor_do_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        for format in FORMATS {
            let _ = (format.read)(&text);
        }
    }
}
