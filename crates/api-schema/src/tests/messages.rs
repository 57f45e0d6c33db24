//! Messages: their schemas take what their types take and write, no more and no less.

use domain::{
    CargoId, FieldError, exact,
    messages::{
        Boards, Breaker, Detail, Health, Invalidate, Prices, Problem, ProblemKind, SignIn, Target,
        Upstream,
    },
    orders::{
        Status,
        messages::{ChangeStatus, Changed, LostRace, OrderAnswer, OrderHook, OrderList},
    },
};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{DOCUMENT, expect_valid, expect_valid_by, validator};
use crate::{
    samples,
    schemas::{self, Schemas},
};

/// Messages of every form that their types know, as the Worker writes them.
#[test]
fn what_is_written_is_what_the_schemas_say() {
    fn check<T: JsonSchema + Serialize>(messages: &[T]) {
        let mut schemas = Schemas::new();
        let schema = schemas.written::<T>();
        let document = json!({"components": {"schemas": schemas.components()}});
        for message in messages {
            expect_valid_by(&document, &schema, &schemas::value(message));
        }
    }

    let cargo = samples::cargo();
    let unknown = domain::Cargo {
        moved: Some(domain::cargo::PriceMove { at: 0, was: None }),
        ..domain::Cargo::unknown(cargo.id)
    };
    let bare = domain::CargoDetail {
        cargo: unknown.clone(),
        loading: domain::detail::Stop::default(),
        unloading: domain::detail::Stop::default(),
        goods: None,
        note: None,
        load_types: vec![],
        truck_types: vec![],
        company: None,
        shipper: None,
        external_inn: None,
        contacts: vec![],
        partner: None,
        url: None,
        created_at: None,
        round_trip: None,
        partial_load: None,
        archived: None,
    };
    check(&[cargo, unknown]);
    check(&[samples::session()]);
    check(&[
        domain::messages::CargoList {
            next_offset: None,
            cargos: vec![],
            ..samples::cargo_list()
        },
        samples::cargo_list(),
    ]);
    check(&[samples::card_list()]);
    check(&[
        samples::detail(),
        Detail {
            cargo: bare,
            ..samples::detail()
        },
    ]);
    check(&[samples::detail_page()]);
    check(&[samples::history()]);
    check(&[samples::points()]);
    check(&[samples::types()]);
    check(&[
        samples::prices(),
        samples::price_changes(),
        Prices {
            prices: vec![],
            order: Some(vec![]),
            ..samples::prices()
        },
    ]);
    check(&[samples::invalidated()]);

    let orders = Status::ALL.map(|status| domain::orders::Order {
        status,
        price_kopecks: None,
        ..samples::order()
    });
    check(&orders);
    check(&[
        samples::orders(),
        OrderList {
            next: None,
            counts: None,
            ..samples::orders()
        },
        OrderList {
            counts: Some(domain::orders::Counts(
                Status::ALL.map(|status| (status, u64::MAX)).into(),
            )),
            ..samples::orders()
        },
    ]);
    let bare = domain::orders::OrderDetail {
        comment: None,
        model: None,
        history: vec![],
        ..samples::order_answer().order
    };
    check(&[
        samples::order_answer(),
        OrderAnswer {
            order: bare,
            ..samples::order_answer()
        },
    ]);
    check(&[samples::changed(), {
        Changed {
            epoch: 0,
            ..samples::changed()
        }
    }]);
    check(&[
        samples::quote_calculating(),
        samples::quote_ready(),
        samples::quote_failed(),
    ]);
    let states = [Breaker::Closed, Breaker::Open, Breaker::HalfOpen];
    let ready = states.map(|breaker| Health::Ready {
        upstream: Upstream {
            breaker,
            logged_in: false,
            calls_left: 0.0,
            paused_for_ms: 1,
            in_line: 1,
        },
    });
    check(&ready);
    check(&[samples::live(), Health::Live { commit: None }]);
    let problems = ProblemKind::ALL.map(|kind| Problem {
        detail: Some("why".to_owned()),
        errors: vec![FieldError {
            field: "limit".to_owned(),
            message: "missing".to_owned(),
        }],
        ..kind.problem()
    });
    check(&problems);
    check(&[LostRace {
        problem: ProblemKind::LostRace.problem(),
        order: samples::order(),
    }]);
}

/// A member that a schema does not speak of is noticed: else the test above would prove nothing.
#[test]
fn a_schema_that_lags_behind_its_type_is_noticed() {
    for name in [
        "Prices",
        "Order",
        "OrderDetail",
        "Quote",
        "Problem",
        "Cargo",
    ] {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let value = match name {
            "Prices" => schemas::value(&samples::prices()),
            "Order" => schemas::value(&samples::order()),
            "OrderDetail" => schemas::value(&samples::order_answer().order),
            "Quote" => schemas::value(&samples::quote_ready()),
            "Problem" => schemas::value(&ProblemKind::Internal.problem()),
            _ => schemas::value(&samples::cargo()),
        };
        let validator = validator(&DOCUMENT, &schema);
        assert!(validator.is_valid(&value), "{name}");
        let mut longer = value.clone();
        longer["another"] = 5.into();
        assert!(!validator.is_valid(&longer), "{name}");
        let first = value.as_object().unwrap().keys().next().unwrap().clone();
        let mut shorter = value;
        shorter.as_object_mut().unwrap().remove(&first);
        assert!(!validator.is_valid(&shorter), "{name} without {first}");
    }
}

/// Bodies of every form, and what is none: the schemas take exactly what the types take.
#[test]
fn what_is_read_is_what_the_schemas_say() {
    fn check<T: JsonSchema + Serialize + DeserializeOwned>(path: &str, messages: &[T]) {
        let schema = &DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        let validator = validator(&DOCUMENT, schema);
        for message in messages {
            let whole = schemas::value(message);
            expect_valid(schema, &whole);
            for spoilt in spoilt(&whole) {
                let is_taken = serde_json::from_value::<T>(spoilt.clone()).is_ok();
                assert_eq!(validator.is_valid(&spoilt), is_taken, "{path} {spoilt}");
            }
        }
    }

    check::<SignIn>("/api/auth/telegram", &[samples::sign_in()]);
    let all = Status::ALL.map(|status| ChangeStatus {
        status,
        ..samples::change_status()
    });
    check("/api/orders/{id}/status", &all);
    check::<OrderHook>("/api/hooks/orders", &[samples::order_hook()]);
    let targets = [
        samples::invalidate().target,
        Target::Cargo {
            id: CargoId::new(5).unwrap(),
            driver_id: -5,
        },
        Target::Dictionaries,
        Target::Boards(Boards::Forget),
        Target::Boards(Boards::Renumbered),
        Target::Boards(Boards::Restart),
        Target::User(i64::MIN),
        Target::Everything,
    ];
    let orders = targets.map(|target| Invalidate {
        target,
        timestamp: exact::MOST,
    });
    check("/api/internal/invalidate", &orders);
}

/// The same with each of its members missing, null, of another type, out of range; and with one more.
fn spoilt(value: &Value) -> Vec<Value> {
    let others = [
        Value::Null,
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!(exact::MOST),
        json!(exact::MOST + 1),
        json!(""),
        json!("nothing"),
        json!("everything"),
        json!("MSK-5"),
        json!("MSK-05"),
        json!(true),
        json!([]),
        json!({}),
        json!({"user": 1, "everything": {}}),
    ];
    let mut all = others.to_vec();
    if let Value::Object(members) = value {
        for (name, member) in members {
            let mut without = members.clone();
            without.remove(name);
            all.push(without.into());
            for other in spoilt(member) {
                let mut with = members.clone();
                with.insert(name.clone(), other);
                all.push(with.into());
            }
        }
        let mut more = members.clone();
        more.insert("another".to_owned(), 5.into());
        all.push(more.into());
    }
    all
}
