//! A city, found by the first letters of its name: a combobox with a list (WAI-ARIA 1.2, "editable combobox with list
//! autocomplete").

use cards::{
    html::Escaped,
    text::{self, words},
};
use domain::{NamedPoint, dictionary::LONGEST_NAME, filters::Point};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement, KeyboardEvent};

use crate::{
    dom::{
        find, find_as, flag, on, show_attribute, show_class, show_flag, show_html, show_text,
        touched,
    },
    reactive::{Signal, effect, spawn},
    screens::Shared,
    telegram::Feel,
};

/// Fewer letters find too much.
const FEWEST_LETTERS: usize = 2;
/// So long after the last letter it is looked up, in milliseconds.
const DEBOUNCE_MS: u32 = 250;
/// Radii to choose from, in kilometres.
const RADII: [u32; 7] = [0, 25, 50, 100, 200, 300, 500];

/// A city that was chosen, and how far around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct City {
    /// It.
    pub point: Point,
    /// Its name.
    pub name: String,
}

/// What is known of the text that was typed.
#[derive(Clone, Debug, Default, PartialEq)]
enum Found {
    /// Nothing was looked up.
    #[default]
    Nothing,
    /// These places; there may be none.
    Places(Vec<NamedPoint>),
    /// It could not be looked up.
    Failed,
}

/// The field under its name, and how far around the city.
pub fn template(name: &str, label: &str) -> String {
    let words = words();
    format!(
        "<div class=\"field city-field\"><label for=\"{name}\">{label}</label><div class=\"combo\">\
         <input id=\"{name}\" type=\"text\" role=\"combobox\" autocomplete=\"off\" maxlength=\"{LONGEST_NAME}\" placeholder=\"{}\" \
         aria-autocomplete=\"list\" aria-controls=\"{name}-list\" aria-expanded=\"false\">\
         <div class=\"around none\"><label><span class=\"spoken\">{}</span><select></select></label>\
         <button type=\"button\" class=\"icon close\" aria-label=\"{}: {label}\"></button></div>\
         <ul id=\"{name}-list\" class=\"suggestions\" role=\"listbox\" aria-label=\"{label}\"></ul></div>\
         <p class=\"error\" aria-live=\"polite\"></p></div>",
        words.city_hint, words.radius, words.reset,
    )
}

/// Brings the field to life.
pub fn show(field: &Element, shared: Shared, city: Signal<Option<City>>) {
    let platform = shared.platform;
    let input: HtmlInputElement = find_as(field, "input");
    let id = input.id();
    let found = Signal::new(Found::default());
    let active = Signal::new(None::<usize>);
    let places = move || match found.get_untracked() {
        Found::Places(places) => places,
        _ => Vec::new(),
    };
    let hide = move || {
        found.set(Found::Nothing);
        active.set(None);
    };
    let name = move || {
        let name = city.with_untracked(|city| city.as_ref().map(|city| city.name.clone()));
        name.unwrap_or_default()
    };
    let choose = move |place: NamedPoint| {
        platform.feel(Feel::Choice);
        let radius_km = city.with_untracked(radius);
        hide();
        city.set(Some(City {
            point: Point {
                id: place.id,
                kind: place.kind,
                radius_km,
            },
            name: place.name,
        }));
    };

    // The text: what is typed, or the name of what is chosen.
    let shown = input.clone();
    effect(move || {
        city.track();
        shown.set_value(&name());
    });
    let owner = Signal::new(Owner::current().unwrap_or_default());
    let search = Signal::new(None::<Timeout>);
    let typed = input.clone();
    let look_up = move || {
        let typed = typed.clone();
        let text = typed.value().trim().to_owned();
        let api = shared.api();
        let task = async move {
            let path = format!(
                "points?filter[name]={}",
                js_sys::encode_uri_component(&text)
            );
            let answer = api.dictionary(&path).await;
            // What was typed meanwhile will be looked up next.
            if typed.value().trim() == text {
                active.set(None);
                found.set(answer.map_or(Found::Failed, Found::Places));
            }
        };
        owner.with_untracked(|owner| spawn(owner, task));
    };
    let typed = input.clone();
    on(&input, "input", move |_| {
        let text = typed.value();
        let text = text.trim();
        if text.chars().count() >= FEWEST_LETTERS {
            search.set(Some(Timeout::new(DEBOUNCE_MS, look_up.clone())));
            return;
        }
        search.set(None);
        hide();
        if text.is_empty() && city.with_untracked(Option::is_some) {
            city.set(None);
        }
    });
    let typed = input.clone();
    on(&input, "keydown", move |event| {
        let key = event
            .dyn_ref::<KeyboardEvent>()
            .map_or_else(String::new, KeyboardEvent::key);
        let places = places();
        let at = active.get_untracked();
        let Some(last) = places.len().checked_sub(1) else {
            // Else it would apply all filters with half a city.
            if key == "Enter" && typed.value() != name() {
                event.prevent_default();
            }
            return;
        };
        match key.as_str() {
            "ArrowDown" => active.set(Some(at.map_or(0, |at| (at + 1).min(last)))),
            "ArrowUp" => active.set(at.and_then(|at| at.checked_sub(1))),
            "Enter" => choose(places[at.unwrap_or(0)].clone()),
            "Escape" => hide(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    });
    // What was typed and not chosen is no filter.
    let left = input.clone();
    on(&input, "blur", move |_| {
        search.set(None);
        hide();
        left.set_value(&name());
    });

    let list = find(field, "ul");
    let option_id = {
        let id = id.clone();
        move |at: usize| format!("{id}-{at}")
    };
    let of_option = option_id.clone();
    show_html(list.clone(), move || {
        let Found::Places(places) = found.get() else {
            return String::new();
        };
        let option = |(at, place): (usize, NamedPoint)| {
            format!(
                "<li id=\"{}\" role=\"option\" data-at=\"{at}\" aria-selected=\"{}\">{}</li>",
                of_option(at),
                flag(active.get() == Some(at)),
                Escaped(&place.name)
            )
        };
        places.into_iter().enumerate().map(option).collect()
    });
    // Before the field loses its focus, and with it the list.
    on(&list, "mousedown", move |event| {
        event.prevent_default();
        let at = touched(&event, "li").and_then(|option| option.get_attribute("data-at"));
        let at = at.and_then(|at| at.parse::<usize>().ok());
        if let Some(place) = at.and_then(|at| places().get(at).cloned()) {
            choose(place);
        }
    });
    let is_found =
        move || found.with(|found| matches!(found, Found::Places(places) if !places.is_empty()));
    show_flag(input.clone().into(), "aria-expanded", is_found);
    show_attribute(input.into(), "aria-activedescendant", move || {
        active.get().map_or_else(String::new, &option_id)
    });
    show_text(find(field, ".error"), move || match found.get() {
        Found::Places(places) if places.is_empty() => words().no_such_city.to_owned(),
        Found::Failed => words().cities_unavailable.to_owned(),
        _ => String::new(),
    });

    show_class(find(field, ".around"), move || {
        if city.with(Option::is_some) {
            "around"
        } else {
            "around none"
        }
    });
    on(&find(field, ".close"), "click", move |_| {
        platform.feel(Feel::Choice);
        city.set(None);
    });
    let select: HtmlSelectElement = find_as(field, "select");
    show_html(select.clone().into(), move || {
        let chosen = city.with(radius);
        // A link may name another one.
        let other = Some(chosen).filter(|km| !RADII.contains(km));
        let option = |km: u32| {
            let selected = if km == chosen { " selected" } else { "" };
            format!(
                "<option value=\"{km}\"{selected}>+ {}</option>",
                text::distance(km)
            )
        };
        RADII.into_iter().chain(other).map(option).collect()
    });
    on(&select.clone(), "change", move |_| {
        platform.feel(Feel::Choice);
        let km = select.value().parse().unwrap_or(Point::RADIUS_KM);
        city.update(|city| {
            if let Some(city) = city {
                city.point.radius_km = km;
            }
        });
    });
}

fn radius(city: &Option<City>) -> u32 {
    city.as_ref()
        .map_or(Point::RADIUS_KM, |city| city.point.radius_km)
}
