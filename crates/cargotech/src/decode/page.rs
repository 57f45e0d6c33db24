//! A page of a list: one odd item never costs the page.

use std::collections::HashSet;

use domain::{Cargo, Kopecks, PAGE_ROWS, Page, money::price_of};
use serde_json::Value;

use super::{
    fields::{id, place, rounded, short_names, text, volume},
    malformed,
};
use crate::Error;

/// Reads the body of `GET /v2/cargos/views` for the page that begins at row `offset`.
///
/// # Errors
/// [`Error::Malformed`] if it is no list page at all.
pub fn page(body: &[u8], offset: u32) -> Result<Page, Error> {
    let body: Value = serde_json::from_slice(body).map_err(|_| malformed("not JSON"))?;
    let items = body["data"]
        .as_array()
        .ok_or_else(|| malformed("no data array"))?;
    let total = body["meta"]["size"]
        .as_u64()
        .and_then(|size| u32::try_from(size).ok())
        .ok_or_else(|| malformed("no meta.size"))?;
    if items.is_empty() && total > offset {
        return Err(malformed("no rows, though meta.size counts some"));
    }

    let mut page = Page {
        total,
        ..Page::default()
    };
    let mut ids = HashSet::new();
    // A page longer than asked for would show its tail twice: the next page begins with it.
    for item in items.iter().take(PAGE_ROWS as usize) {
        match cargo(item) {
            Some(cargo) if ids.insert(cargo.id) => page.cargos.push(cargo),
            _ => page.left_out += 1,
        }
    }
    Ok(page)
}

/// `None` without a usable id: such an item can be neither shown nor priced.
pub fn cargo(item: &Value) -> Option<Cargo> {
    Some(Cargo {
        id: id(&item["id"])?,
        from: place(&item["points"]["start"], &item["first_date"]),
        to: place(&item["points"]["finish"], &item["last_date"]),
        price_kopecks: price_of(item["price_carrier"].as_i64(), item["price"].as_i64()),
        price_per_km_kopecks: item["price_per_km"].as_i64().and_then(Kopecks::new),
        weight_kg: rounded(&item["weight"]),
        volume_m3: volume(&item["volume"]),
        distance_km: rounded(&item["distance"]),
        load_types: short_names(&item["load_types"]),
        truck_types: short_names(&item["truck_types"]),
        company: text(&item["company"]["name"]),
        moved: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn item() -> Value {
        json!({
            "id": "6236980507",
            "price_carrier": 1_350_000, "price": 1_500_000, "price_per_km": 4_200,
            "weight": 20_000, "volume": 82.5, "distance": 812,
            "points": {
                "start": {"type": 2, "position": 1, "first_date": "2026-11-21T08:30:00Z", "city": {"id": 1, "name": "Москва"}},
                "finish": {"type": 2, "position": 2, "first_date": "2026-11-22", "city": {"id": 2, "name": "Казань"}},
            },
            "load_types": [{"id": 1, "name": "задняя", "short_name": "задн."}],
            "truck_types": [{"id": 6, "name": "рефрижератор", "short_name": ""}],
            "company": {"id": 1, "name": " Груз и Ко ", "type": "broker"},
        })
    }

    /// The item with one member replaced.
    fn with(member: &str, value: Value) -> Value {
        let mut item = item();
        item[member] = value;
        item
    }

    fn read(items: Vec<Value>) -> Page {
        let body = json!({"meta": {"limit": 100, "offset": 0, "size": items.len()}, "data": items});
        page(body.to_string().as_bytes(), 0).unwrap()
    }

    fn read_one(item: Value) -> Cargo {
        let mut page = read(vec![item]);
        assert_eq!(page.left_out, 0);
        page.cargos.remove(0)
    }

    #[test]
    fn a_good_item_is_read_whole() {
        let cargo = read_one(item());
        assert_eq!(
            serde_json::to_value(&cargo).unwrap(),
            json!({
                "id": "6236980507",
                "from": {"city": "Москва", "date": "2026-11-21T08:30"},
                "to": {"city": "Казань", "date": "2026-11-22"},
                "price_kopecks": 1_350_000, "price_per_km_kopecks": 4_200,
                "weight_kg": 20_000, "volume_m3": 82.5, "distance_km": 812,
                "load_types": ["задн."], "truck_types": ["рефрижератор"],
                "company": "Груз и Ко",
            })
        );
    }

    #[test]
    fn an_id_may_be_a_number() {
        assert_eq!(
            read_one(with("id", json!(6_236_980_507_u64))),
            read_one(item())
        );
    }

    #[test]
    fn a_carriers_price_that_is_none_leaves_the_cargos_own() {
        for no_price in [
            json!(null),
            json!(0),
            json!(-5),
            json!("1350000"),
            json!(13.5),
            json!(1e18),
            json!({}),
            json!([1]),
        ] {
            assert_eq!(
                read_one(with("price_carrier", no_price.clone())).price_kopecks,
                Kopecks::new(1_500_000)
            );
            let mut neither = with("price_carrier", no_price.clone());
            neither["price"] = no_price;
            assert_eq!(read_one(neither).price_kopecks, None);
        }
    }

    #[test]
    fn one_wrong_field_costs_only_itself() {
        let good = read_one(item());
        for (member, value) in [
            ("distance", json!("812")),
            ("distance", json!(-1)),
            ("weight", json!(null)),
            ("volume", json!("много")),
            ("points", json!(null)),
            ("points", json!([])),
            ("load_types", json!("задн.")),
            ("truck_types", json!([null, 5, {"id": 6}])),
            ("company", json!(null)),
            ("price_per_km", json!(0)),
        ] {
            let cargo = read_one(with(member, value.clone()));
            assert_eq!(
                (cargo.id, cargo.price_kopecks),
                (good.id, good.price_kopecks),
                "{member} = {value}"
            );
            assert_ne!(cargo, good, "{member} = {value}");
        }
    }

    #[test]
    fn a_fractional_distance_is_rounded() {
        assert_eq!(
            read_one(with("distance", json!(523.7))).distance_km,
            Some(524)
        );
    }

    #[test]
    fn a_volume_is_told_to_the_litre() {
        let told = |volume| read_one(with("volume", json!(volume))).volume_m3;
        assert_eq!(told(82.500_4), Some(82.5));
        assert_eq!(told(0.000_4), None);
    }

    #[test]
    fn items_that_cannot_be_shown_are_left_out_and_counted() {
        let page = read(vec![
            with("id", json!("1")),
            json!(null),
            json!("cargo"),
            with("id", json!(null)),
            with("id", json!("-5")),
            with("id", json!("1")),
            with("id", json!("2")),
        ]);
        let ids: Vec<u64> = page.cargos.iter().map(|cargo| cargo.id.get()).collect();
        assert_eq!((ids, page.left_out), (vec![1, 2], 5));
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for body in [
            "",
            "<html>502 Bad Gateway</html>",
            "[]",
            r#"{"data":null,"meta":{"size":0}}"#,
            r#"{"data":[]}"#,
            r#"{"data":[],"meta":{"size":-1}}"#,
            r#"{"data":[],"meta":{"size":"0"}}"#,
            r#"{"data":[],"meta":{"size":500}}"#,
            r#"{"data":[{"id":1}"#,
        ] {
            assert!(
                matches!(page(body.as_bytes(), 0), Err(Error::Malformed { .. })),
                "{body}"
            );
        }
    }

    #[test]
    fn a_page_behind_the_end_is_empty() {
        let body = r#"{"data":[],"meta":{"limit":100,"offset":500,"size":500}}"#;
        assert_eq!(page(body.as_bytes(), 500).unwrap().total, 500);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let member = prop_oneof![
                "id",
                "price",
                "price_carrier",
                "points",
                "start",
                "city",
                "name",
                "data",
                "meta",
                "size"
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map(member, inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_cargo_is_the_same_when_it_has_been_stored(exponent in -20.0..20.0) {
            let cargo = read_one(with("volume", json!(10_f64.powf(exponent))));
            let stored = serde_json::to_string(&cargo).expect("it can be stored");
            prop_assert_eq!(serde_json::from_str::<Cargo>(&stored).expect("and read"), cargo);
        }

        #[test]
        fn any_item_is_shown_or_left_out(items in proptest::collection::vec(any_json(), 0..6)) {
            let count = items.len();
            let page = read(items);
            prop_assert_eq!(page.cargos.len() + page.left_out as usize, count);
        }

        #[test]
        fn any_body_is_a_page_or_an_error(body in any_json()) {
            let _ = page(body.to_string().as_bytes(), 0);
        }
    }
}
