//! The detail of a cargo: any field may be wrong but the id.

use domain::{
    CargoDetail,
    detail::{Company, Contact, Stop},
};
use serde_json::Value;

use super::{
    data,
    fields::{names, text, text_up_to, time},
    malformed,
    page::cargo,
};
use crate::Error;

/// Nobody reads a longer comment, in characters.
const LONGEST_NOTE: usize = 2_000;
/// More people to call than anybody calls.
const MOST_CONTACTS: usize = 10;

/// Reads the body of `GET /v1/carrier/cargos/{id}`.
///
/// # Errors
/// [`Error::Malformed`] if it is no cargo at all.
pub fn detail(body: &[u8]) -> Result<CargoDetail, Error> {
    let item = data(body)?;
    let cargo = cargo(&item).ok_or_else(|| malformed("no cargo with an id"))?;
    let extra = &item["extra"];
    Ok(CargoDetail {
        cargo,
        loading: stop(&item["points"]["start"]),
        unloading: stop(&item["points"]["finish"]),
        goods: text(&extra["custom_cargo_type"]).or_else(|| text(&item["cargo_type"]["name"])),
        note: text_up_to(&extra["note"], LONGEST_NOTE).filter(|_| extra["note_valid"] != false),
        load_types: names(&item["load_types"]),
        truck_types: names(&item["truck_types"]),
        company: company(&item["company"]),
        shipper: company(&item["shipper"]),
        external_inn: digits(&extra["external_inn"]),
        contacts: contacts(&item["contacts"])
            .chain(contacts(&extra["integrate_contacts"]))
            .take(MOST_CONTACTS)
            .collect(),
        partner: text(&extra["integrate"]["name"]),
        url: text_up_to(&extra["url"], LONGEST_NOTE).filter(|url| is_web_address(url)),
        created_at: time(&item["created_at"]),
        round_trip: extra["krugoreis"].as_bool(),
        partial_load: extra["partial_load"].as_bool(),
        archived: extra["is_delete_from_archive"].as_bool(),
    })
}

fn stop(point: &Value) -> Stop {
    Stop {
        address: text(&point["address"]),
        until: time(&point["last_date"]),
    }
}

/// `None` without anything that says who it is.
fn company(value: &Value) -> Option<Company> {
    let company = Company {
        name: text(&value["name"]),
        inn: digits(&value["inn"]),
        kind: text(&value["type"]),
        security_status: text(&value["security_status"]),
    };
    (company.name.is_some() || company.inn.is_some()).then_some(company)
}

/// Those who can be called: `phones`, or one `phone`.
fn contacts(value: &Value) -> impl Iterator<Item = Contact> + '_ {
    let people = value.as_array().into_iter().flatten();
    people.filter_map(|person| {
        let several = person["phones"].as_array().into_iter().flatten();
        let phones: Vec<String> = several
            .chain([&person["phone"]])
            .filter_map(text)
            .filter(|phone| phone.bytes().any(|byte| byte.is_ascii_digit()))
            .collect();
        (!phones.is_empty()).then(|| Contact {
            name: text(&person["name"]),
            kind: text(&person["type"]),
            phones,
        })
    })
}

/// A taxpayer number: digits as a string, or a number.
fn digits(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        other => text(other).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

/// Anything else could run in the driver's name.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn item() -> Value {
        json!({
            "id": "6236980507", "price": 1_500_000,
            "points": {
                "start": {"first_date": "2026-11-21", "last_date": "2026-11-22T18:00:00Z", "address": "г. Москва, Ленина, д. 1", "city": {"name": "Москва"}},
                "finish": {"city": {"name": "Казань"}},
            },
            "cargo_type": {"name": "мебель"},
            "load_types": [{"id": 1, "name": "задняя", "short_name": "задн."}],
            "truck_types": [{"id": 6, "name": "рефрижератор", "short_name": "реф."}],
            "company": {"id": 1, "inn": "0000010015", "name": "Вектор", "type": "broker", "security_status": "verified"},
            "shipper": {"id": 2, "inn": 7_700_000_000_u64, "name": null},
            "contacts": [
                {"type": "broker", "name": "Анна", "phone": "+79000000001"},
                {"type": "company", "name": "Вектор", "phones": ["+78000000000", null, "нет"]},
                {"type": "company", "name": "без телефона"}, null,
            ],
            "created_at": "2026-01-15T08:58:00Z",
            "extra": {
                "note": " Пропуск заказать заранее ", "note_valid": true, "external_inn": "0000010016",
                "custom_cargo_type": "", "integrate": {"id": 12, "name": "Площадка"}, "integrate_contacts": null,
                "is_delete_from_archive": false, "krugoreis": true, "partial_load": false,
                "url": "https://partner.example/1",
            },
        })
    }

    fn read(item: &Value) -> CargoDetail {
        detail(json!({"data": item}).to_string().as_bytes()).unwrap()
    }

    /// The item with one field of `extra` replaced.
    fn with_extra(field: &str, value: Value) -> CargoDetail {
        let mut item = item();
        item["extra"][field] = value;
        read(&item)
    }

    #[test]
    fn everything_that_the_detail_says_is_read() {
        let read = read(&item());
        let mut rest = serde_json::to_value(&read).unwrap();
        assert_eq!(rest["cargo"].take()["id"], "6236980507");
        assert_eq!(
            rest,
            json!({
                "cargo": null,
                "loading": {"address": "г. Москва, Ленина, д. 1", "until": "2026-11-22T18:00"},
                "unloading": {"address": null, "until": null},
                "goods": "мебель", "note": "Пропуск заказать заранее",
                "load_types": ["задняя"], "truck_types": ["рефрижератор"],
                "company": {"name": "Вектор", "inn": "0000010015", "kind": "broker", "security_status": "verified"},
                "shipper": {"name": null, "inn": "7700000000", "kind": null, "security_status": null},
                "external_inn": "0000010016",
                "contacts": [
                    {"name": "Анна", "kind": "broker", "phones": ["+79000000001"]},
                    {"name": "Вектор", "kind": "company", "phones": ["+78000000000"]},
                ],
                "partner": "Площадка", "url": "https://partner.example/1",
                "created_at": "2026-01-15T08:58",
                "round_trip": true, "partial_load": false, "archived": false,
            })
        );
    }

    #[test]
    fn a_name_of_its_own_comes_before_the_kind_of_goods() {
        let detail = with_extra("custom_cargo_type", json!("мебель на паллетах"));
        assert_eq!(detail.goods.as_deref(), Some("мебель на паллетах"));
    }

    #[test]
    fn a_comment_that_is_not_valid_is_not_shown() {
        assert_eq!(with_extra("note_valid", json!(false)).note, None);
        assert!(with_extra("note_valid", json!(null)).note.is_some());
    }

    #[test]
    fn only_a_web_address_is_a_link() {
        for url in [
            json!("javascript:alert(1)"),
            json!("//x"),
            json!(""),
            json!(5),
        ] {
            assert_eq!(with_extra("url", url.clone()).url, None, "{url}");
        }
    }

    #[test]
    fn what_is_no_cargo_is_an_error() {
        for body in ["", "[]", "{}", r#"{"data":[]}"#, r#"{"data":{"id":null}}"#] {
            assert!(detail(body.as_bytes()).is_err(), "{body}");
        }
        let bare = detail(br#"{"data":{"id":5}}"#).unwrap();
        assert_eq!(bare.contacts, []);
    }

    proptest! {
        #[test]
        fn any_field_may_be_anything(field in 0_usize..12, text in "\\PC{0,20}", number in any::<i64>()) {
            let names = [
                "price", "points", "cargo_type", "load_types", "truck_types", "company", "shipper",
                "contacts", "created_at", "extra", "weight", "volume",
            ];
            for value in [json!(text), json!(number), json!([text, number, null]), json!({"name": number}), json!(null)] {
                let mut item = item();
                item[names[field]] = value;
                prop_assert_eq!(read(&item).cargo.id.to_string(), "6236980507");
            }
        }
    }
}
