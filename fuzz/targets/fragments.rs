//! Fragments of HTML: a browser finds nothing wrong with them, and whatever is written in a cargo is text.

#![no_main]

use std::collections::HashSet;

use arbitrary::{Arbitrary, Unstructured};
use cards::fragments;
use domain::{Cargo, CargoId, Kopecks, Place, messages::CargoList};
use html5ever::{
    Attribute, ParseOpts, QualName, local_name, ns, parse_fragment, tendril::TendrilSink,
};
use libfuzzer_sys::fuzz_target;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

#[derive(Arbitrary, Debug)]
struct Written<'a> {
    id: u64,
    from: Option<&'a str>,
    to: Option<&'a str>,
    company: Option<&'a str>,
    load_types: Vec<&'a str>,
    truck_types: Vec<&'a str>,
    price: i64,
    weight_kg: Option<u32>,
    volume_m3: Option<f64>,
    distance_km: Option<u32>,
}

#[derive(Arbitrary, Debug)]
struct Page<'a> {
    cargos: Vec<Written<'a>>,
    gone: Vec<u64>,
    total: u32,
    query: Option<&'a str>,
}

/// All that our fragments are made of.
const ELEMENTS: [&str; 9] = [
    "a", "article", "button", "div", "h3", "html", "p", "span", "time",
];
const ATTRIBUTES: [&str; 12] = [
    "aria-label",
    "aria-pressed",
    "class",
    "data-cargo-id",
    "data-per-km",
    "href",
    "hx-get",
    "hx-swap",
    "hx-swap-oob",
    "hx-target",
    "id",
    "type",
];

fn cargo(written: &Written<'_>) -> Option<Cargo> {
    let place = |city: Option<&str>| Place {
        city: city.map(str::to_owned),
        date: None,
    };
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Some(Cargo {
        id: CargoId::new(written.id)?,
        from: place(written.from),
        to: place(written.to),
        price_kopecks: Kopecks::new(written.price),
        price_per_km_kopecks: None,
        weight_kg: written.weight_kg,
        volume_m3: written.volume_m3.filter(|volume| volume.is_finite()),
        distance_km: written.distance_km,
        load_types: all(&written.load_types),
        truck_types: all(&written.truck_types),
        company: written.company.map(str::to_owned),
        moved: None,
    })
}

/// What a browser makes of it.
#[derive(Default)]
struct Parsed {
    /// Of all elements, in order.
    elements: Vec<String>,
    /// The ids that stand in it, in order.
    ids: Vec<String>,
}

fn parsed(html: &str) -> Parsed {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let dom = parse_fragment(
        RcDom::default(),
        ParseOpts::default(),
        context,
        Vec::<Attribute>::new(),
        false,
    )
    .one(html);
    let errors = dom.errors.borrow();
    // Characters that HTML can't hold are upstream's affair: they are shown as such and run nothing.
    let ours = errors
        .iter()
        .filter(|error| !error.contains("Bad character"));
    assert_eq!(
        ours.collect::<Vec<_>>(),
        Vec::<&std::borrow::Cow<'_, str>>::new(),
        "{html}"
    );
    let mut parsed = Parsed::default();
    walk(&dom.document, &mut parsed);
    parsed
}

fn walk(node: &Handle, parsed: &mut Parsed) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            assert!(ELEMENTS.contains(&&*name.local), "<{}>", name.local);
            parsed.elements.push(name.local.to_string());
            for attribute in attrs.borrow().iter() {
                let name = &*attribute.name.local;
                assert!(ATTRIBUTES.contains(&name), "{name}");
                if name == "id" {
                    parsed.ids.push(attribute.value.to_string());
                }
            }
        }
        NodeData::Comment { .. }
        | NodeData::Doctype { .. }
        | NodeData::ProcessingInstruction { .. } => {
            panic!("none of ours")
        }
        NodeData::Document | NodeData::Text { .. } => {}
    }
    for child in node.children.borrow().iter() {
        walk(child, parsed);
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(page) = Page::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let mut known = HashSet::new();
    let mut cargos: Vec<Cargo> = page.cargos.iter().filter_map(cargo).collect();
    cargos.retain(|cargo| known.insert(cargo.id));
    let gone: Vec<CargoId> = page.gone.iter().copied().filter_map(CargoId::new).collect();

    let html = fragments::prices(
        cargos.iter().map(|cargo| (cargo.id, cargo.price_kopecks)),
        gone.iter().copied(),
    );
    let prices = cargos
        .iter()
        .map(|cargo| format!("cargo-price-{}", cargo.id));
    let cards = gone.iter().map(|id| format!("cargo-card-{id}"));
    assert_eq!(parsed(&html).ids, prices.chain(cards).collect::<Vec<_>>());

    let more = page
        .query
        .map(|query| fragments::address_from("/api/cargos/", query, 40, CargoId::new(7)));
    let mut expected: Vec<String> = cargos
        .iter()
        .flat_map(|cargo| {
            [
                format!("cargo-card-{}", cargo.id),
                format!("cargo-price-{}", cargo.id),
            ]
        })
        .collect();
    expected.extend(more.as_ref().map(|_| "cargo-more".to_owned()));
    expected.push("cargo-count".to_owned());
    let list = CargoList {
        total: page.total,
        offset: 0,
        next_offset: None,
        as_of: 0,
        stale: false,
        left_out: 0,
        cargos,
    };
    assert_eq!(
        parsed(&fragments::list(&list, more.as_deref())).ids,
        expected
    );
    // Our own app's cards: whatever a cargo says, they are made of the same elements.
    let elements = |cargo: &Cargo| {
        let html = cards::card::row(cargo, 1_800_000_000_000).html;
        parsed(&html).elements
    };
    for cargo in &list.cargos {
        let wordless = Cargo {
            from: Place::default(),
            to: Place::default(),
            load_types: Vec::new(),
            truck_types: Vec::new(),
            company: None,
            ..cargo.clone()
        };
        assert_eq!(elements(cargo), elements(&wordless));
    }
});
