//! Cargos as JSON.

use crate::world::cargo::{Cargo, Stop};
use crate::world::companies::Company;
use crate::world::freight_types::FreightType;
use serde_json::{Map, Value, json};

/// A cargo as the list has it.
pub fn listed(cargo: &Cargo, with_contacts: bool) -> Map<String, Value> {
    let mut json = Map::new();
    let mut put = |field: &str, value: Value| json.insert(field.to_owned(), value);
    put("id", Value::from(cargo.id.to_string()));
    put("weight", Value::from(cargo.weight_kg));
    put("volume", tenths(cargo.volume_tenths));
    put("distance", Value::from(cargo.distance_km));
    put(
        "points",
        json!({"start": stop(&cargo.start, 1), "finish": stop(&cargo.finish, 2)}),
    );
    put("load_types", freight_types(&cargo.load_types));
    put("truck_types", freight_types(&cargo.truck_types));
    put("company", company(cargo.company));
    put("currency", json!({"name": "руб"}));
    if with_contacts {
        put("contacts", contacts(cargo));
    }
    cargo.quote.write(cargo.distance_km, &mut json);
    json
}

/// A cargo as the detail has it: what the list has, and more.
pub fn detailed(cargo: &Cargo, with_contacts: bool) -> Map<String, Value> {
    let mut json = listed(cargo, with_contacts);
    for (end, stop) in [("start", &cargo.start), ("finish", &cargo.finish)] {
        let address = format!(
            "г. {}, {}, д. {}",
            stop.city.name, stop.city.street, stop.house
        );
        json["points"][end]["address"] = Value::from(address);
    }
    let mut put = |field: &str, value: Value| json.insert(field.to_owned(), value);
    put("cargo_type", json!({"name": cargo.goods.name}));
    put("shipper", company(cargo.shipper));
    put(
        "created_at",
        Value::from(
            cargo
                .created_at
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        ),
    );
    put("extra", extra(cargo));
    json
}

/// The ten fields that only the detail has. Which cargo has what follows its serial number.
fn extra(cargo: &Cargo) -> Value {
    let one_in = |n: u64| cargo.serial.is_multiple_of(n);
    json!({
        "note": cargo.note,
        "note_valid": true,
        "external_inn": if one_in(5) { Value::from(cargo.shipper.inn) } else { Value::Null },
        "custom_cargo_type": if one_in(6) { format!("{} на паллетах", cargo.goods.name) } else { String::new() },
        "integrate": if one_in(7) { json!({"id": 12, "name": "Партнёрская площадка"}) } else { Value::Null },
        "integrate_contacts": Value::Null,
        "is_delete_from_archive": false,
        "krugoreis": one_in(9),
        "partial_load": cargo.weight_kg < 1_000,
        "url": if one_in(7) { Value::from(format!("https://partner.example/cargos/{}", cargo.id)) } else { Value::Null },
    })
}

fn stop(stop: &Stop, position: u8) -> Value {
    let date = |date: chrono::NaiveDate| match stop.hour {
        Some(hour) => format!("{date}T{hour:02}:00:00Z"),
        None => date.to_string(),
    };
    json!({
        "type": 2,
        "position": position,
        "first_date": date(stop.first_date),
        "last_date": date(stop.last_date),
        "city": {"id": stop.city.id, "name": stop.city.name},
    })
}

fn freight_types(types: &[&FreightType]) -> Value {
    types.iter().map(|entry| freight_type(entry)).collect()
}

/// An entry of a type dictionary.
pub fn freight_type(entry: &FreightType) -> Value {
    json!({"id": entry.id, "name": entry.name, "short_name": entry.short_name})
}

fn company(company: &Company) -> Value {
    json!({
        "id": company.id,
        "inn": company.inn,
        "name": company.name,
        "type": company.kind,
        "security_status": company.security_status,
    })
}

/// The broker's contact with one number as `phone` or several as `phones`, and for some a second one of the company.
fn contacts(cargo: &Cargo) -> Value {
    let broker = match cargo.phones.as_slice() {
        [phone] if cargo.serial.is_multiple_of(2) => {
            json!({"type": "broker", "name": cargo.contact, "phone": phone})
        }
        phones => json!({"type": "broker", "name": cargo.contact, "phones": phones}),
    };
    let mut contacts = vec![broker];
    if cargo.serial.is_multiple_of(4) {
        let name = cargo.company.name;
        contacts.push(json!({"type": "company", "name": name, "phones": ["+78000000000"]}));
    }
    Value::from(contacts)
}

/// A number of tenths, whole where it is whole.
fn tenths(tenths: i64) -> Value {
    if tenths % 10 == 0 {
        Value::from(tenths / 10)
    } else {
        Value::from(tenths as f64 / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::world::{Mode, World};

    #[test]
    fn a_listed_cargo_has_the_documented_fields_and_no_more() {
        let world = World::new(1, Config::default().start);
        for cargo in world.cargos(Mode::All) {
            let json = listed(cargo, true);
            for field in [
                "id",
                "points",
                "load_types",
                "truck_types",
                "company",
                "contacts",
                "currency",
                "price_per_km",
            ] {
                assert!(json.contains_key(field), "{field}");
            }
            for field in [
                "address",
                "extra",
                "shipper",
                "cargo_type",
                "comment",
                "note",
            ] {
                assert!(!json.contains_key(field), "{field}");
            }
            assert!(json["points"]["start"].get("address").is_none());
            assert!(!listed(cargo, false).contains_key("contacts"));
        }
    }

    #[test]
    fn the_price_rule_read_from_json_agrees_with_the_world() {
        let world = World::new(1, Config::default().start);
        for cargo in world.cargos(Mode::All) {
            let json = Value::Object(listed(cargo, false));
            assert_eq!(
                crate::world::quote::right_price(&json),
                cargo.quote.kopecks()
            );
        }
    }

    #[test]
    fn both_forms_of_dates_volumes_and_phones_occur() {
        let world = World::new(1, Config::default().start);
        let all: Vec<Value> = world
            .cargos(Mode::All)
            .map(|cargo| Value::Object(listed(cargo, true)))
            .collect();
        let dated = |ends: bool| {
            all.iter().any(|c| {
                c["points"]["start"]["first_date"]
                    .as_str()
                    .unwrap()
                    .ends_with('Z')
                    == ends
            })
        };
        assert!(dated(true) && dated(false));
        assert!(
            all.iter().any(|cargo| cargo["volume"].is_i64())
                && all.iter().any(|cargo| cargo["volume"].is_f64())
        );
        assert!(
            all.iter()
                .any(|cargo| cargo["contacts"][0]["phone"].is_string())
        );
        assert!(
            all.iter()
                .any(|cargo| cargo["contacts"][0]["phones"].is_array())
        );
        assert!(
            all.iter()
                .any(|cargo| cargo["load_types"].as_array().unwrap().is_empty())
        );
    }

    #[test]
    fn the_detail_adds_addresses_and_an_extra_of_ten_fields() {
        let world = World::new(1, Config::default().start);
        let json = detailed(world.cargos(Mode::All).next().unwrap(), true);
        assert!(
            json["points"]["start"]["address"].is_string()
                && json["points"]["finish"]["address"].is_string()
        );
        assert!(json["cargo_type"]["name"].is_string() && json["shipper"]["inn"].is_string());
        assert_eq!(json["created_at"], "2026-01-15T08:58:00Z");
        assert_eq!(json["extra"].as_object().unwrap().len(), 10);
    }
}
