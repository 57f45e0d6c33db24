//! All that does not change while it is looked at.

use domain::{
    CargoDetail, LoadingTime, Place,
    detail::{Company, Contact, Stop},
};

use crate::{
    dom::Escaped,
    text::{self, translated, words},
};

/// The route, the comment, the goods and companies, and whom to call. What is not known takes no room.
pub fn html(detail: &CargoDetail) -> String {
    let words = words();
    let cargo = &detail.cargo;
    let route = format!(
        "<ol class=\"route\">{}<li class=\"distance\">{}</li>{}</ol>",
        stop(&cargo.from, &detail.loading),
        cargo.distance_km.map_or_else(String::new, text::distance),
        stop(&cargo.to, &detail.unloading),
    );
    let note = detail.note.as_deref().map_or_else(String::new, |note| {
        section(
            words.note,
            &format!("<p class=\"note\">{}</p>", Escaped(note)),
        )
    });
    let people: String = detail.contacts.iter().map(person).collect();
    let contacts = if people.is_empty() {
        String::new()
    } else {
        section(words.contacts, &people)
    };
    section(words.route, &route) + &note + &contacts + &section("", &facts(detail))
}

fn section(title: &str, content: &str) -> String {
    let title = if title.is_empty() {
        String::new()
    } else {
        format!("<h2>{title}</h2>")
    };
    format!("<section class=\"card\">{title}{content}</section>")
}

fn stop(place: &Place, stop: &Stop) -> String {
    format!(
        "<li class=\"stop\"><span class=\"city\">{}</span><time>{}</time><span class=\"address\">{}</span></li>",
        Escaped(text::city(&place.city)),
        days(place.date, stop.until),
        Escaped(stop.address.as_deref().unwrap_or_default()),
    )
}

/// From the first day to the last: once, if they are the same.
fn days(first: Option<LoadingTime>, last: Option<LoadingTime>) -> String {
    let last = last.filter(|last| Some(*last) != first);
    let said: Vec<String> = [first, last]
        .into_iter()
        .flatten()
        .map(text::loading_time)
        .collect();
    said.join(" — ")
}

fn facts(detail: &CargoDetail) -> String {
    let words = words();
    let cargo = &detail.cargo;
    let listed = |types: &[String]| (!types.is_empty()).then(|| types.join(", "));
    let remarks: String = [
        (detail.round_trip, words.round_trip),
        (detail.partial_load, words.partial_load),
        (detail.archived, words.archived),
    ]
    .iter()
    .filter(|(is, _)| *is == Some(true))
    .map(|(_, said)| format!("<li>{said}</li>"))
    .collect();
    let facts: String = [
        (words.goods, detail.goods.clone()),
        (words.weight, cargo.weight_kg.map(text::weight)),
        (words.volume, cargo.volume_m3.map(text::volume)),
        (words.truck_types, listed(&detail.truck_types)),
        (words.load_types, listed(&detail.load_types)),
        (words.company, detail.company.as_ref().map(company)),
        (words.shipper, detail.shipper.as_ref().map(company)),
        (words.inn, detail.external_inn.clone()),
        (words.partner, detail.partner.clone()),
        (words.offered, detail.created_at.map(text::loading_time)),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        Some(format!(
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            Escaped(&value?)
        ))
    })
    .collect();
    let page = detail.url.as_deref().map_or_else(String::new, |url| {
        format!(
            "<a class=\"quiet\" href=\"{}\" target=\"_blank\" rel=\"noopener noreferrer\">{}</a>",
            Escaped(url),
            words.partner_page
        )
    });
    let remarks = if remarks.is_empty() {
        remarks
    } else {
        format!("<ul class=\"remarks\">{remarks}</ul>")
    };
    format!("{remarks}<dl class=\"facts\">{facts}</dl>{page}")
}

fn company(company: &Company) -> String {
    let words = words();
    let kind = company.kind.as_deref();
    let checked = company.security_status.as_deref();
    let parts = [
        company.name.clone(),
        kind.map(|kind| translated(kind, &words.company_kinds)),
        checked.map(|checked| translated(checked, &words.checked)),
        company
            .inn
            .as_ref()
            .map(|inn| format!("{}\u{a0}{inn}", words.inn)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn person(contact: &Contact) -> String {
    let words = words();
    let kind = contact
        .kind
        .as_deref()
        .map(|kind| translated(kind, &words.company_kinds));
    let who: Vec<String> = contact.name.iter().cloned().chain(kind).collect();
    let phones: String = contact
        .phones
        .iter()
        .map(|phone| {
            let said = Escaped(phone);
            format!(
                "<li class=\"phone\"><a href=\"tel:{}\" aria-label=\"{} {said}\">{said}</a>\
                 <button type=\"button\" class=\"icon copy\" data-copy=\"{said}\" aria-label=\"{} {said}\"></button></li>",
                dialled(phone),
                words.call,
                words.copy,
            )
        })
        .collect();
    format!(
        "<p class=\"who\">{}</p><ul class=\"phones\">{phones}</ul>",
        Escaped(&who.join(", "))
    )
}

/// What a phone dials.
fn dialled(phone: &str) -> String {
    let digits = phone.chars().filter(char::is_ascii_digit);
    let plus = phone.starts_with('+').then_some('+');
    plus.into_iter().chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use domain::{Cargo, CargoId};

    use super::*;

    fn bare() -> CargoDetail {
        CargoDetail {
            cargo: Cargo {
                id: CargoId::new(1).unwrap(),
                from: Place::default(),
                to: Place::default(),
                price_kopecks: None,
                price_per_km_kopecks: None,
                weight_kg: None,
                volume_m3: None,
                distance_km: None,
                load_types: vec![],
                truck_types: vec![],
                company: None,
                moved: None,
            },
            loading: Stop::default(),
            unloading: Stop::default(),
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
        }
    }

    #[test]
    fn days_are_told_once_if_they_are_one() {
        let time = |text: &str| text.parse().ok();
        let told = |first, last| days(first, last).replace('\u{a0}', " ");
        assert_eq!(
            told(time("2026-11-20"), time("2026-11-22")),
            "20 ноя — 22 ноя"
        );
        assert_eq!(told(time("2026-11-20"), time("2026-11-20")), "20 ноя");
        assert_eq!(told(None, time("2026-11-20")), "20 ноя");
        assert_eq!(told(None, None), "");
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let html = html(&bare());
        assert!(
            !html.contains("<dt>") && !html.contains("<li>") && !html.contains("href"),
            "{html}"
        );
    }

    #[test]
    fn whatever_is_written_stays_text() {
        const ODD: &str = "<img src=x onerror='alert(1)'>\"";
        let odd = || Some(ODD.to_owned());
        let company = Company {
            name: odd(),
            inn: odd(),
            kind: odd(),
            security_status: odd(),
        };
        let mut detail = CargoDetail {
            goods: odd(),
            note: odd(),
            load_types: vec![ODD.to_owned()],
            company: Some(company.clone()),
            shipper: Some(company),
            external_inn: odd(),
            partner: odd(),
            url: odd(),
            contacts: vec![Contact {
                name: odd(),
                kind: odd(),
                phones: vec![ODD.to_owned()],
            }],
            ..bare()
        };
        detail.cargo.from.city = odd();
        detail.loading.address = odd();
        let html = html(&detail);
        assert!(
            !html.contains("<img") && !html.contains("x onerror='"),
            "{html}"
        );
        assert_eq!(html.matches("&lt;img").count(), 22, "{html}");
    }

    #[test]
    fn only_what_can_be_dialled_is() {
        assert_eq!(dialled("+7 (900) 000-00-01"), "+79000000001");
        assert_eq!(dialled("8-800;55+5"), "8800555");
    }
}
