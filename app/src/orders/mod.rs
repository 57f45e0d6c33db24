//! The order board of a factory's operators: a program of its own, so that drivers load nothing of it.

pub mod address;
pub mod api;
mod detail;
pub mod feed;
mod list;
mod mover;
pub mod order_book;
pub mod pending;
mod quote;
mod quote_id;
mod router;
pub mod row;
pub mod text;
mod upload;
mod wire;
pub mod words;

use domain::orders::Statuses;
use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use self::{
    address::Screen,
    api::{Asked, OrdersApi},
    feed::OrderFeed,
    router::Router,
    row::Lens,
    words::words,
};
use crate::{
    clock,
    dom::{every, find, show_text},
    language, new_build,
    presence::Presence,
    reactive::{Signal, effect, follow},
    session::Session,
    storage::Storage,
    telegram::Platform,
};

/// How often it is told anew for how long orders have stood where they stand, in milliseconds.
const AGES_TOLD_EVERY: u32 = 10_000;

/// What every screen may need. Copies are the same app.
#[derive(Clone, Copy)]
struct Shared {
    platform: Platform,
    router: Router,
    presence: Presence,
    feed: OrderFeed,
    lens: Lens,
    /// Whether Telegram has a button to go back.
    has_back_button: Signal<bool>,
    /// What is read out: how a move ended.
    spoken: Signal<String>,
    api: Signal<OrdersApi>,
    storage: Signal<Storage>,
}

impl Shared {
    fn api(self) -> OrdersApi {
        self.api.get_untracked()
    }
}

/// Puts the board where orders.html keeps a place for it.
pub fn start() {
    if let Some(place) = document().get_element_by_id("app") {
        mount(place.unchecked_into(), Platform::start()).forget();
    }
}

/// Puts the board into a place, until what is returned is dropped.
pub fn mount(place: HtmlElement, platform: Platform) -> impl Mounted {
    place.set_inner_html("");
    let within = place.clone();
    mount_to(place, move || show(&within, platform))
}

/// What is mounted.
pub trait Mounted {
    /// Leaves it there for good.
    fn forget(self);
}

impl<M: leptos::tachys::view::Mountable> Mounted for leptos::mount::UnmountHandle<M> {
    fn forget(self) {
        Self::forget(self);
    }
}

fn show(place: &HtmlElement, platform: Platform) {
    let storage = Storage::of(platform);
    language::choose(platform, &storage);
    document().set_title(words().orders);
    let api = OrdersApi::new(Session::new(platform));
    let presence = Presence::follow(platform);
    let router = Router::start();
    let served = api.clone();
    // Whoever looks at an order or calculates a price is not interrupted.
    let is_busy = move || router.screen.with_untracked(Option::is_some);
    new_build::follow(move || served.build(), is_busy);
    let lens = Lens {
        statuses: Signal::new(Statuses::NONE),
        ahead: Signal::new(js_sys::Date::now() - clock::now()),
        ticked: Signal::default(),
    };
    every(AGES_TOLD_EVERY, move || lens.ticked.set(clock::now()));
    let is_list = move || router.screen.with(Option::is_none);
    let shared = Shared {
        platform,
        router,
        presence,
        feed: OrderFeed::new(api.clone(), presence, lens, is_list),
        lens,
        has_back_button: Signal::new(false),
        spoken: Signal::default(),
        api: Signal::new(api),
        storage: Signal::new(storage),
    };

    // What is searched for is looked for wherever it stands.
    let asked = move || {
        let number = router.number.get();
        let statuses = match number.as_str() {
            "" => Statuses::NONE.with(router.status.get()),
            _ => Statuses::ALL,
        };
        (statuses, number)
    };
    follow(asked, move |(statuses, number)| {
        shared.feed.show(Asked { statuses, number });
    });
    platform.on_back(move || router.back());
    effect(move || {
        let has = platform.show_back(!is_list());
        shared.has_back_button.set(has);
    });

    let app = document().create_element("div");
    let Ok(app) = app else { return };
    app.set_inner_html(
        "<div class=\"board\"></div><div class=\"detail\"></div><p class=\"spoken news\" aria-live=\"polite\"></p>",
    );
    let _ = place.append_child(&app);
    list::show(&find(&app, ".board"), shared);
    show_screen(find(&app, ".detail"), shared);
    show_text(find(&app, ".news"), move || shared.spoken.get());
}

/// What lies over the list, if anything.
fn show_screen(place: Element, shared: Shared) {
    effect(move || {
        place.set_inner_html("");
        let screen = shared.router.screen.get();
        untrack(|| match screen {
            Some(Screen::Order(id)) => detail::open(&place, shared, id),
            Some(Screen::Quote(id)) => quote::open(&place, shared, id),
            None => {}
        });
    });
}
