//! The screens, and what they share.

pub mod board;
pub mod detail;
pub mod filters;
pub mod scroll;

use cards::text::{lang, words};
use domain::CargoId;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use web_sys::Element;

use crate::{
    api::Api,
    dom::{find, show_class, show_text},
    feed::{Feed, MOST_SORTED, Source},
    language, new_build,
    presence::Presence,
    reactive::{Signal, effect, follow},
    router::{self, Router},
    session::Session,
    storage::Storage,
    telegram::{Feel, Platform},
    view::{Address, Sort, View, cargo_of_start_parameter},
    watch_list::WatchList,
};

/// Names of what is kept from visit to visit.
const VIEW: &str = "view";
const WATCHED: &str = "watched";

/// What every screen may need. Copies are the same app.
#[derive(Clone, Copy)]
pub struct Shared {
    /// Where it runs.
    pub platform: Platform,
    /// Where the driver is.
    pub router: Router,
    /// The list.
    pub list: Feed,
    /// The cargos that are watched.
    pub watched: Feed,
    /// Their ids.
    pub watch_list: Signal<WatchList>,
    /// Whether the filters are open.
    pub filters_open: Signal<bool>,
    /// Whether Telegram has a button to go back.
    pub has_back_button: Signal<bool>,
    /// What is told for a moment, if anything.
    pub toast: Signal<Option<&'static str>>,
    pub presence: Presence,
    api: Signal<Api>,
    storage: Signal<Storage>,
}

impl Shared {
    /// The API.
    pub fn api(self) -> Api {
        self.api.get_untracked()
    }

    /// Stars a cargo, or takes its star away.
    pub fn toggle_watched(self, id: CargoId) {
        let mut list = self.watch_list.get_untracked();
        if list.toggle(id).is_err() {
            self.platform.feel(Feel::Refusal);
            self.toast.set(Some(words().watching_is_full));
            return;
        }
        self.platform.feel(Feel::Choice);
        let storage = self.storage.get_untracked();
        storage.put(WATCHED, list.to_text());
        self.watch_list.set(list);
    }

    /// Shows other cards, and remembers that.
    pub fn apply(self, view: View) {
        let storage = self.storage.get_untracked();
        storage.put(VIEW, view.to_query());
        self.router.apply(view);
    }

    /// Speaks the other language from now on.
    pub fn change_language(self) {
        language::change(&self.storage.get_untracked());
    }
}

/// The app.
#[component]
pub fn App(
    /// Where it runs.
    platform: Platform,
) -> impl IntoView {
    let storage = Storage::of(platform);
    let lang = language::choose(platform, &storage);
    document().set_title(lang::words_of(lang).board);
    let api = Api::new(Session::new(platform));
    let presence = Presence::follow(platform);
    let router = Router::start(address(platform, &storage));

    // A cargo that was opened from one of them keeps its price from there.
    let shared = Shared {
        platform,
        router,
        list: Feed::new(api.clone(), presence, move || !router.watched.get()),
        watched: Feed::new(api.clone(), presence, move || router.watched.get()),
        watch_list: Signal::new(kept_watch_list(&storage)),
        filters_open: Signal::new(false),
        has_back_button: Signal::new(false),
        toast: Signal::new(None),
        presence,
        api: Signal::new(api.clone()),
        storage: Signal::new(storage.clone()),
    };

    let show_watched = move || {
        let ids = shared.watch_list.get_untracked().ids().into();
        shared.watched.show(Source::Cargos(ids));
    };
    storage.catch_up(WATCHED, move |text| {
        shared.watch_list.set(WatchList::parse(&text));
        if router.watched.get_untracked() {
            show_watched();
        }
    });
    storage.catch_up(VIEW, move |query| {
        // Whoever has filters already has chosen them, here or by a link.
        if router.view.with_untracked(|view| *view == View::default()) {
            router.apply(View::parse(&query));
        }
    });
    new_build::follow(
        move || api.build(),
        move || shared.filters_open.get_untracked(),
    );

    // The list: what the view says, from the filters' point of view.
    follow(
        move || router.view.with(|view| view.filters.clone()),
        move |filters| shared.list.show(Source::List(filters.into())),
    );
    // Another order than CargoTech's makes sense over many rows only.
    effect(move || {
        let sorted = router.view.with(|view| view.sort) != Sort::default();
        let loaded = shared
            .list
            .phase
            .with(|phase| *phase == crate::feed::Phase::Loaded);
        if sorted && loaded {
            shared.list.load_up_to(MOST_SORTED);
        }
    });
    // Stars that come and go while they are looked at change nothing there until the next time.
    effect(move || {
        if router.watched.get() {
            show_watched();
        }
    });

    platform.on_back(move || {
        if shared.filters_open.get_untracked() {
            shared.filters_open.set(false);
        } else {
            router.back();
        }
    });
    effect(move || {
        let back = shared.filters_open.get() || router.cargo.get().is_some();
        shared.has_back_button.set(platform.show_back(back));
    });
    scroll::keep(shared);

    view! { <div use:screens=shared></div> }
}

/// A directive: the screens, one beside the other; each shows itself when it is its turn.
fn screens(app: Element, shared: Shared) {
    app.set_inner_html(
        "<div class=\"board\"></div><div class=\"detail\"></div><div class=\"sheet-place\"></div><p class=\"toast none\" aria-live=\"polite\"></p>",
    );
    board::show(&find(&app, ".board"), shared);
    detail::show(find(&app, ".detail"), shared);
    filters::show(find(&app, ".sheet-place"), shared);
    show_toast(find(&app, ".toast"), shared.toast);
}

/// Something that is told for a moment.
fn show_toast(place: Element, toast: Signal<Option<&'static str>>) {
    const SHOWN_FOR_MS: u32 = 3_000;
    let timer = Signal::new(None::<Timeout>);
    effect(move || {
        if toast.get().is_some() {
            timer.set(Some(Timeout::new(SHOWN_FOR_MS, move || toast.set(None))));
        }
    });
    show_text(place.clone(), move || {
        toast.get().unwrap_or_default().to_owned()
    });
    show_class(place, move || {
        if toast.get().is_some() {
            "toast"
        } else {
            "toast none"
        }
    });
}

/// Where to begin: where the address says, where a deep link leads, or where the driver was the last time.
fn address(platform: Platform, storage: &Storage) -> Address {
    let query = router::query();
    let mut address = Address::parse(&query);
    if !Address::names_a_view(&query)
        && let Some(kept) = storage.get(VIEW)
    {
        address.view = View::parse(&kept.value);
    }
    if let Some(parameter) = platform.take_start_parameter() {
        address.cargo = cargo_of_start_parameter(&parameter).or(address.cargo);
    }
    address
}

fn kept_watch_list(storage: &Storage) -> WatchList {
    let kept = storage.get(WATCHED);
    kept.map_or_else(WatchList::default, |kept| WatchList::parse(&kept.value))
}
