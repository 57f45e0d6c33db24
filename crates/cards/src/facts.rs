//! All that does not change while it is looked at.

use domain::{
    CargoDetail, Lang, LoadingTime, Place,
    detail::{Company, Contact, Stop},
};

use crate::{
    html::Escaped,
    text::{self, lang, words},
};

/// Words that stand here only: the app, which shows what it is given, need not carry them.
struct Labels {
    route: &'static str,
    goods: &'static str,
    note: &'static str,
    weight: &'static str,
    volume: &'static str,
    contacts: &'static str,
    company: &'static str,
    shipper: &'static str,
    inn: &'static str,
    offered: &'static str,
    partner: &'static str,
    partner_page: &'static str,
    round_trip: &'static str,
    partial_load: &'static str,
    archived: &'static str,
    /// CargoTech's words for what a company does, and ours.
    company_kinds: [(&'static str, &'static str); 3],
    /// CargoTech's words for how far it was checked, and ours.
    checked: [(&'static str, &'static str); 3],
    copy: &'static str,
    call: &'static str,
}

/// Those of the language that is spoken.
fn labels() -> &'static Labels {
    match lang::spoken() {
        Lang::Ru => &RU,
        Lang::En => &EN,
    }
}

const RU: Labels = Labels {
    route: "Маршрут",
    goods: "Груз",
    note: "Комментарий",
    weight: "Вес",
    volume: "Объём",
    contacts: "Контакты",
    company: "Заказчик",
    shipper: "Грузовладелец",
    inn: "ИНН",
    offered: "Размещён",
    partner: "Площадка",
    partner_page: "Открыть на площадке",
    round_trip: "Кругорейс",
    partial_load: "Возможен догруз",
    archived: "Из архива",
    company_kinds: [
        ("broker", "экспедитор"),
        ("shipper", "грузовладелец"),
        ("carrier", "перевозчик"),
    ],
    checked: [
        ("verified", "проверен"),
        ("unverified", "не проверен"),
        ("suspicious", "вызывает вопросы"),
    ],
    copy: "Скопировать",
    call: "Позвонить",
};

const EN: Labels = Labels {
    route: "Route",
    goods: "Goods",
    note: "Comment",
    weight: "Weight",
    volume: "Volume",
    contacts: "Contacts",
    company: "Offered by",
    shipper: "Shipper",
    inn: "INN",
    offered: "Offered",
    partner: "Platform",
    partner_page: "Open on the platform",
    round_trip: "Round trip",
    partial_load: "Shares the truck",
    archived: "From the archive",
    company_kinds: [
        ("broker", "broker"),
        ("shipper", "shipper"),
        ("carrier", "carrier"),
    ],
    checked: [
        ("verified", "checked"),
        ("unverified", "not checked"),
        ("suspicious", "questionable"),
    ],
    copy: "Copy",
    call: "Call",
};

/// A kind of company, or how far one was checked, in CargoTech's word: ours if there is one.
fn translated(word: &str, words: &[(&str, &'static str)]) -> String {
    let ours = words.iter().find(|(theirs, _)| *theirs == word);
    ours.map_or_else(|| word.to_owned(), |(_, ours)| (*ours).to_owned())
}

/// The route, the comment, the goods and companies, and whom to call. What is not known takes no room.
pub fn html(detail: &CargoDetail) -> String {
    let labels = labels();
    let cargo = &detail.cargo;
    let route = format!(
        "<ol class=\"route\">{}<li class=\"distance\">{}</li>{}</ol>",
        stop(&cargo.from, &detail.loading),
        cargo.distance_km.map_or_else(String::new, text::distance),
        stop(&cargo.to, &detail.unloading),
    );
    let note = detail.note.as_deref().map_or_else(String::new, |note| {
        section(
            labels.note,
            &format!("<p class=\"note\">{}</p>", Escaped(note)),
        )
    });
    let people: String = detail.contacts.iter().map(person).collect();
    let contacts = if people.is_empty() {
        String::new()
    } else {
        section(labels.contacts, &people)
    };
    section(labels.route, &route) + &note + &contacts + &section("", &facts(detail))
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
    let labels = labels();
    let cargo = &detail.cargo;
    let listed = |types: &[String]| (!types.is_empty()).then(|| types.join(", "));
    let remarks: String = [
        (detail.round_trip, labels.round_trip),
        (detail.partial_load, labels.partial_load),
        (detail.archived, labels.archived),
    ]
    .iter()
    .filter(|(is, _)| *is == Some(true))
    .map(|(_, said)| format!("<li>{said}</li>"))
    .collect();
    let facts: String = [
        (labels.goods, detail.goods.clone()),
        (labels.weight, cargo.weight_kg.map(text::weight)),
        (labels.volume, cargo.volume_m3.map(text::volume)),
        (words.truck_types, listed(&detail.truck_types)),
        (words.load_types, listed(&detail.load_types)),
        (labels.company, detail.company.as_ref().map(company)),
        (labels.shipper, detail.shipper.as_ref().map(company)),
        (labels.inn, detail.external_inn.clone()),
        (labels.partner, detail.partner.clone()),
        (labels.offered, detail.created_at.map(text::loading_time)),
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
            labels.partner_page
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
    let labels = labels();
    let kind = company.kind.as_deref();
    let checked = company.security_status.as_deref();
    let parts = [
        company.name.clone(),
        kind.map(|kind| translated(kind, &labels.company_kinds)),
        checked.map(|checked| translated(checked, &labels.checked)),
        company
            .inn
            .as_ref()
            .map(|inn| format!("{}\u{a0}{inn}", labels.inn)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn person(contact: &Contact) -> String {
    let labels = labels();
    let kind = contact
        .kind
        .as_deref()
        .map(|kind| translated(kind, &labels.company_kinds));
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
                labels.call,
                labels.copy,
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
            cargo: Cargo::unknown(CargoId::new(1).unwrap()),
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
    fn what_cargotech_calls_otherwise_is_left_as_it_is() {
        let checked = |word| translated(word, &labels().checked);
        assert_eq!(checked("verified"), "проверен");
        assert_eq!(checked("new_word"), "new_word");
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
