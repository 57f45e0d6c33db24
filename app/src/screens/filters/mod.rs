//! The filters, in a sheet over the list. They count only once applied.
//!
//! A form is a form: what is chosen is in its fields, and read from there.

mod city_field;
mod draft;

use cards::{
    html::Escaped,
    text::{lang, words},
};
use domain::{FreightType, filters::Mode};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FormData, HtmlDialogElement, HtmlFormElement, HtmlInputElement};

use self::{
    city_field::City,
    draft::{Fields, PRESETS, Problem},
};
use super::Shared;
use crate::{
    dom::{find, find_all, find_as, on},
    reactive::{Signal, effect, spawn},
    telegram::Feel,
    view::View,
};

/// Fills `place` with the sheet while it is open.
pub fn show(place: Element, shared: Shared) {
    let begun_with = Signal::new(View::default());
    effect(move || {
        place.set_inner_html("");
        shared.platform.confirm_closing(false);
        if shared.filters_open.get() {
            untrack(|| {
                begun_with.set(shared.router.view.get_untracked());
                open(&place, shared, begun_with);
            });
        }
    });
}

fn open(place: &Element, shared: Shared, begun_with: Signal<View>) {
    place.set_inner_html(&frame());
    let dialog: HtmlDialogElement = find_as(place, "dialog");
    // Not if it is open already.
    let _ = dialog.show_modal();
    // The dialog closes by itself too, and gives the focus back to what opened it.
    let close = {
        let dialog = dialog.clone();
        move || dialog.close()
    };
    on(&dialog, "close", move |_| shared.filters_open.set(false));
    on(&find(place, ".close"), "click", {
        let close = close.clone();
        move |_| close()
    });
    let backdrop = dialog.clone();
    on(&dialog, "click", move |event| {
        // A tap on what lies behind the sheet has the dialog itself as its target.
        let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        if target.as_ref() == Some(backdrop.as_ref()) {
            backdrop.close();
        }
    });
    on(&find(place, ".language"), "click", move |_| {
        shared.change_language()
    });
    on(&find(place, ".reset"), "click", move |_| {
        shared.platform.feel(Feel::Choice);
        let mut view = View::default();
        view.filters.mode = begun_with.with_untracked(|view| view.filters.mode);
        begun_with.set(view);
    });

    let fields = find(place, ".fields");
    let form: HtmlFormElement = find_as(place, "form");
    let cities = [Signal::new(None::<City>), Signal::new(None)];
    // The fields begin anew after a reset.
    effect(move || {
        let view = begun_with.get();
        untrack(|| fill(&fields, &view, cities, shared));
    });
    let made = {
        let form = form.clone();
        move || read(&form, begun_with.get_untracked(), cities)
    };
    let look = {
        let (form, made) = (form.clone(), made.clone());
        move || {
            let made = made();
            tell_problems(&form, made.as_ref().err().map_or(&[][..], Vec::as_slice));
            let applied = shared.router.view.get_untracked();
            shared
                .platform
                .confirm_closing(made.as_ref() != Ok(&applied));
        }
    };
    on(&form, "input", {
        let look = look.clone();
        move |event| {
            let input = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
            if input.is_some_and(|input| matches!(input.type_().as_str(), "radio" | "checkbox")) {
                shared.platform.feel(Feel::Choice);
            }
            look();
        }
    });
    effect(move || {
        cities.iter().for_each(|city| city.track());
        look();
    });
    on(&form, "submit", move |event| {
        event.prevent_default();
        match made() {
            Ok(view) => {
                shared.platform.feel(Feel::Tap);
                shared.apply(view);
                close();
                window().scroll_to_with_x_and_y(0.0, 0.0);
            }
            Err(_) => shared.platform.feel(Feel::Refusal),
        }
    });
}

/// What the form says now.
fn read(
    form: &HtmlFormElement,
    begun_with: View,
    cities: [Signal<Option<City>>; 2],
) -> Result<View, Vec<Problem>> {
    let Ok(data) = FormData::new_with_form(form) else {
        return Ok(begun_with);
    };
    let text = |name: &str| data.get(name).as_string().unwrap_or_default();
    let both = |name: &str| [text(&format!("{name}-0")), text(&format!("{name}-1"))];
    let ids = |name: &str| {
        // As long as the types have not come, what was chosen before stays chosen.
        let has_come = find(form, &format!("[data-types={name}]")).has_attribute("data-come");
        has_come.then(|| {
            let ids = data.get_all(name);
            ids.iter()
                .filter_map(|id| id.as_string()?.parse().ok())
                .collect()
        })
    };
    let fields = Fields {
        mode: text("mode"),
        start_date: text("start_date"),
        truck: text("truck"),
        other_truck: both("other"),
        load_types: ids("load_types"),
        truck_types: ids("truck_types"),
        price: both("price"),
        price_per_km: both("price_per_km"),
        distance: both("distance"),
    };
    fields.view(begun_with, cities.map(|city| city.get_untracked()))
}

fn tell_problems(form: &Element, problems: &[Problem]) {
    for error in find_all(form, "[data-problem]") {
        let of = error.get_attribute("data-problem").unwrap_or_default();
        let problem = problems.iter().find(|problem| problem.field() == of);
        let said = problem.map_or("", |problem| problem.said());
        if error.text_content().as_deref() != Some(said) {
            error.set_text_content(Some(said));
        }
        for input in find_all(form, &format!("[aria-describedby={}]", error.id())) {
            let _ = input.set_attribute("aria-invalid", crate::dom::flag(problem.is_some()));
        }
    }
}

fn fill(fields: &Element, view: &View, cities: [Signal<Option<City>>; 2], shared: Shared) {
    fields.set_inner_html(&body(view));
    let points = [view.filters.start_point, view.filters.finish_point];
    let names = [&view.names.start, &view.names.finish];
    for ((place, city), (point, name)) in find_all(fields, ".city-field")
        .into_iter()
        .zip(cities)
        .zip(points.into_iter().zip(names))
    {
        city.set(point.map(|point| City {
            point,
            name: name.clone(),
        }));
        city_field::show(&place, shared, city);
    }
    for (dictionary, chosen) in [
        ("truck_types", view.filters.truck_types.clone()),
        ("load_types", view.filters.load_types.clone()),
    ] {
        let options = find(fields, &format!("[data-types={dictionary}]"));
        let api = shared.api();
        spawn(&Owner::current().unwrap_or_default(), async move {
            match api.dictionary::<FreightType>(dictionary).await {
                Ok(types) => {
                    let option = |entry: &FreightType| {
                        let id = entry.id;
                        choice(
                            "checkbox",
                            dictionary,
                            &id.to_string(),
                            &entry.name,
                            chosen.contains(id),
                        )
                    };
                    options.set_inner_html(&types.iter().map(option).collect::<String>());
                    let _ = options.set_attribute("data-come", "");
                }
                Err(_) => options.set_text_content(Some(words().types_unavailable)),
            }
        });
    }
}

/// One of several that can be chosen.
fn choice(kind: &str, name: &str, value: &str, said: &str, chosen: bool) -> String {
    let checked = if chosen { " checked" } else { "" };
    format!(
        "<label class=\"choice\"><input type=\"{kind}\" name=\"{name}\" value=\"{value}\"{checked}><span>{}</span></label>",
        Escaped(said)
    )
}

/// The sheet around the fields.
fn frame() -> String {
    let words = words();
    format!(
        "<dialog class=\"sheet\" aria-labelledby=\"filters-title\"><form novalidate><header class=\"sheet-bar\">\
         <h2 id=\"filters-title\">{}</h2><button type=\"button\" class=\"quiet reset\">{}</button>\
         <button type=\"button\" class=\"icon close\" aria-label=\"{}\"></button></header><div class=\"fields\"></div>\
         <div class=\"aside\"><button type=\"button\" class=\"quiet language\" lang=\"{}\">{}</button></div>\
         <footer class=\"sheet-foot\"><button type=\"submit\" class=\"main\">{}</button></footer></form></dialog>",
        words.filters,
        words.reset_all,
        words.close,
        lang::spoken().other().tag(),
        words.other_language,
        words.show,
    )
}

/// The fields as they are for a view.
fn body(view: &View) -> String {
    let words = words();
    let filters = &view.filters;
    let group = |label: &str, content: String| {
        format!("<fieldset><legend>{label}</legend>{content}</fieldset>")
    };
    let options = |content: String| format!("<div class=\"options\">{content}</div>");
    let two = |name: &str, labels: [&str; 2], texts: [String; 2]| {
        let field = |at: usize| {
            format!(
                "<label class=\"number\"><span>{}</span><input type=\"text\" inputmode=\"decimal\" autocomplete=\"off\" \
                 name=\"{name}-{at}\" value=\"{}\" aria-describedby=\"{name}-problem\"></label>",
                labels[at],
                Escaped(&texts[at])
            )
        };
        format!(
            "<div class=\"numbers\">{}{}</div><p class=\"error\" id=\"{name}-problem\" data-problem=\"{name}\" aria-live=\"polite\"></p>",
            field(0),
            field(1)
        )
    };
    let mode =
        |mode: Mode, said: &str| choice("radio", "mode", mode.as_str(), said, filters.mode == mode);
    let (truck, other) = draft::truck_of(filters.weight_volume);
    let truck_choice =
        |value: &str, said: &str| choice("radio", "truck", value, said, truck == value);
    let presets: String = PRESETS
        .iter()
        .map(|preset| truck_choice(preset, &draft::preset_said(preset)))
        .collect();
    let types = |name: &str, label: &str| {
        group(
            label,
            format!("<div class=\"options\" data-types=\"{name}\"></div>"),
        )
    };
    let range = |name: &str, label: &str, texts: [String; 2]| {
        group(label, two(name, [words.from, words.to], texts))
    };
    [
        group(
            words.whose,
            options(mode(Mode::My, words.mine) + &mode(Mode::All, words.everybodys)),
        ),
        city_field::template("start", words.loading_city),
        city_field::template("finish", words.unloading_city),
        format!(
            "<label class=\"field\"><span>{}</span><input type=\"date\" name=\"start_date\" value=\"{}\"></label>",
            words.loading_date,
            filters.start_date.map_or_else(String::new, |date| date.to_string())
        ),
        group(
            words.truck,
            options(truck_choice("", words.any) + &presets + &truck_choice(draft::OTHER, words.other))
                + "<div class=\"other\">"
                + &two("other", [words.up_to_tonnes, words.up_to_cubic_metres], other)
                + "</div>",
        ),
        types("truck_types", words.truck_types),
        types("load_types", words.load_types),
        range("price", words.price, draft::range_texts(filters.price, 100)),
        range("price_per_km", words.price_per_km, draft::range_texts(filters.price_per_km, 100)),
        range("distance", words.distance, draft::range_texts(filters.distance, 1)),
    ]
    .concat()
}
