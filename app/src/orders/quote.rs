//! What making a part would cost: a model, a material, a quantity, and then how far it is. A model that somebody has asked about
//! before is not sent again.

use cards::html::Escaped;
use domain::orders::{
    Quantity, QuoteId, QuoteRequest, Quoted,
    messages::{Quote, QuoteState},
};
use futures_util::future::{AbortHandle, abortable};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_sys::{Element, File, HtmlElement, HtmlInputElement};

use super::{
    Shared,
    api::OrdersError,
    list::words_for,
    quote_id, text,
    upload::{self, NotSent},
    words::{Said, words},
};
use crate::{
    api::ApiError,
    dom::{
        find, find_all, find_as, flag, on, show_attribute, show_class, show_html, show_text,
        touched,
    },
    reactive::{Signal, effect, spawn},
    telegram::Feel,
};

/// The longest model that is taken, in bytes.
const LONGEST_MODEL: f64 = 50.0 * 1024.0 * 1024.0;
/// Materials that are offered; any other can be typed.
const MATERIALS: [&str; 7] = ["PA12", "PA12-GF", "PA11", "ABS", "PETG", "TPU 95A", "PC"];

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// Nothing is asked yet.
    Asking,
    /// The file is read, and it is looked whether anybody has asked about it before.
    Reading,
    /// So much of the model of this length has gone.
    Sending(f64, f64),
    /// So much of 100 is calculated.
    Calculating(u8),
    /// Here it is, calculated so long ago.
    Ready(Quoted, u64),
    /// The factory could not calculate it.
    Failed(String),
    /// Something is in the way.
    Trouble(Said),
}

impl Step {
    fn is_under_way(&self) -> bool {
        matches!(
            self,
            Self::Reading | Self::Sending(..) | Self::Calculating(_)
        )
    }

    /// How much of 100 is done of what is under way, if that can be told.
    fn percent(&self) -> Option<u32> {
        match self {
            Self::Sending(gone, all) => {
                Some((gone * 100.0 / all.max(1.0)).clamp(0.0, 100.0) as u32)
            }
            Self::Calculating(percent) => Some(u32::from(*percent)),
            _ => None,
        }
    }

    /// What it is called.
    fn title(&self) -> &'static str {
        let words = words();
        match self {
            Self::Asking => "",
            Self::Reading => words.reading_file,
            Self::Sending(..) => words.uploading,
            Self::Calculating(_) => words.calculating,
            Self::Ready(..) => words.is_ready,
            Self::Failed(_) => words.failed,
            Self::Trouble(said) => said.0,
        }
    }
}

impl From<QuoteState> for Step {
    fn from(state: QuoteState) -> Self {
        match state {
            QuoteState::Calculating { percent, .. } => Self::Calculating(percent.min(100)),
            QuoteState::Ready { quoted, age_ms } => Self::Ready(quoted, age_ms),
            QuoteState::Failed { reason, .. } => Self::Failed(reason),
        }
    }
}

/// What is asked about a model, as it was typed.
///
/// # Errors
/// What is wrong with it.
fn request(material: &str, quantity: &str) -> Result<QuoteRequest, &'static str> {
    let material = QuoteRequest::material(material);
    let quantity = quantity.trim().parse().ok().and_then(Quantity::new);
    Ok(QuoteRequest {
        material: material.ok_or(words().no_material)?,
        quantity: quantity.ok_or(words().wrong_quantity)?,
    })
}

/// Fills `screen` with it.
pub fn open(screen: &Element, shared: Shared, id: Option<QuoteId>) {
    screen.set_inner_html(&template());
    let title: HtmlElement = find_as(screen, "h1");
    let _ = title.focus();
    let step = Signal::new(Step::Asking);
    let file = Signal::new(None::<File>);
    // How many the price is for.
    let quantity = Signal::new(None::<u32>);
    let problem = Signal::new("");
    let running = Signal::new(None::<AbortHandle>);
    let owner = Signal::new(Owner::current().unwrap_or_default());
    let run = move |task: std::pin::Pin<Box<dyn Future<Output = Result<(), Said>>>>| {
        let (task, handle) = abortable(task);
        running.set(Some(handle));
        let task = async move {
            if let Ok(Err(said)) = task.await {
                step.set(Step::Trouble(said));
                shared.platform.feel(Feel::Refusal);
            }
        };
        owner.with_untracked(|owner| spawn(owner, task));
    };
    let stop = move || {
        if let Some(running) = running.get_untracked() {
            running.abort();
        }
    };
    let back = find(screen, ".back");
    show_class(back.clone(), move || {
        if shared.has_back_button.get() {
            "none"
        } else {
            "icon back"
        }
    });
    on(&back, "click", move |_| shared.router.back());

    let picked: HtmlInputElement = find_as(screen, "[type=file]");
    let files = picked.clone();
    on(&picked, "change", move |_| {
        let chosen = files.files().and_then(|files| files.get(0));
        if chosen.is_some() {
            shared.platform.feel(Feel::Choice);
            file.set(chosen);
            problem.set("");
            if step.with_untracked(|step| !step.is_under_way()) {
                step.set(Step::Asking);
            }
        }
    });
    show_text(find(screen, ".file b"), move || {
        let words = words();
        file.with(|file| {
            file.as_ref()
                .map_or_else(|| words.choose_file.to_owned(), File::name)
        })
    });
    show_text(find(screen, ".file span"), move || {
        let words = words();
        file.with(|file| match file {
            Some(file) => format!("{} · {}", text::size(file.size() as u64), words.other_file),
            None => words.quote_intro.to_owned(),
        })
    });

    let material: HtmlInputElement = find_as(screen, "[name=material]");
    let chosen = Signal::new(material.value());
    let typed = material.clone();
    on(&material, "input", move |_| chosen.set(typed.value()));
    for (chip, name) in find_all(screen, ".materials button")
        .into_iter()
        .zip(MATERIALS)
    {
        show_attribute(chip.clone(), "aria-pressed", move || {
            flag(chosen.with(|chosen| chosen.trim().eq_ignore_ascii_case(name))).to_owned()
        });
        let field = material.clone();
        on(&chip, "click", move |_| {
            shared.platform.feel(Feel::Choice);
            field.set_value(name);
            chosen.set(name.to_owned());
        });
    }
    show_text(find(screen, ".error"), move || problem.get().to_owned());

    let amount: HtmlInputElement = find_as(screen, "[name=quantity]");
    let form = find(screen, "form");
    on(&form, "submit", move |event| {
        event.prevent_default();
        if step.with_untracked(Step::is_under_way) {
            return;
        }
        let wanted = request(&material.value(), &amount.value());
        let ready = match (file.get_untracked(), wanted) {
            (None, _) => Err(words().no_file),
            (Some(file), _) if file.size() > LONGEST_MODEL => Err(words().file_too_large),
            (Some(file), Ok(wanted)) => Ok((file, wanted)),
            (_, Err(wrong)) => Err(wrong),
        };
        match ready {
            Ok((file, wanted)) => {
                problem.set("");
                shared.platform.feel(Feel::Tap);
                step.set(Step::Reading);
                quantity.set(Some(wanted.quantity.get()));
                run(Box::pin(ask(shared, file, wanted, step)));
            }
            Err(wrong) => {
                problem.set(wrong);
                shared.platform.feel(Feel::Refusal);
            }
        }
    });
    show_attribute(find(screen, "form .main"), "aria-disabled", move || {
        flag(step.with(Step::is_under_way)).to_owned()
    });

    let outcome = find(screen, ".outcome");
    show_class(outcome.clone(), move || match step.get() {
        Step::Asking => "none",
        Step::Ready(..) => "card outcome ready",
        Step::Failed(_) | Step::Trouble(_) => "card outcome noted",
        _ => "card outcome",
    });
    show_text(find(&outcome, "h2"), move || {
        step.with(Step::title).to_owned()
    });
    // Told when the step changes, not at each hundredth.
    show_text(find(screen, ".told"), move || {
        step.with(Step::title).to_owned()
    });
    let bar = find(&outcome, "progress");
    show_class(bar.clone(), move || {
        if step.with(Step::is_under_way) {
            ""
        } else {
            "none"
        }
    });
    effect(move || match step.with(Step::percent) {
        Some(percent) => {
            let _ = bar.set_attribute("value", &percent.to_string());
        }
        None => {
            let _ = bar.remove_attribute("value");
        }
    });
    show_html(find(&outcome, ".said"), move || {
        step.with(|step| said(step, quantity.get()))
    });
    let cancel = find(&outcome, ".cancel");
    show_class(cancel.clone(), move || {
        match step.with(|step| matches!(step, Step::Reading | Step::Sending(..))) {
            true => "cancel",
            false => "cancel none",
        }
    });
    on(&outcome, "click", move |event| {
        if touched(&event, ".cancel").is_some() {
            stop();
            step.set(Step::Asking);
        }
    });

    // A link to one that was asked for before.
    if let Some(id) = id {
        step.set(Step::Calculating(0));
        run(Box::pin(async move {
            let quote = shared
                .api()
                .quote(id)
                .await
                .map_err(|error| why(shared, &error))?;
            go_on(shared, quote.ok_or(words().quote_gone)?, step).await
        }));
    }
}

/// Asks about a model. It is sent only if nobody has asked the same before.
async fn ask(
    shared: Shared,
    file: File,
    wanted: QuoteRequest,
    step: Signal<Step>,
) -> Result<(), Said> {
    let id = quote_id::of(&file, &wanted).await;
    shared.router.name_quote(id);
    if let Some(id) = id {
        let known = shared.api().quote(id).await;
        if let Some(quote) = known.map_err(|error| why(shared, &error))? {
            // One that failed is begun anew by whoever sends it again, once its time has come.
            let may_begin = matches!(
                quote.state,
                QuoteState::Failed {
                    retry_after_ms: 0,
                    ..
                }
            );
            if !may_begin {
                return go_on(shared, quote, step).await;
            }
        }
    }
    let all = file.size();
    step.set(Step::Sending(0.0, all));
    let gone = move |gone| step.set(Step::Sending(gone, all));
    let quote = upload::send(shared.api().session(), &file, &wanted, gone).await;
    let quote = quote.map_err(|error| match error {
        NotSent::Forbidden => words().forbidden,
        NotSent::Refused => words().quote_refused,
        NotSent::Api(ApiError::NoAnswer) => words().upload_failed,
        NotSent::Api(error) => why(shared, &error.into()),
    })?;
    shared.router.name_quote(Some(quote.id));
    go_on(shared, quote, step).await
}

/// Follows a quote to its end.
async fn go_on(shared: Shared, mut quote: Quote, step: Signal<Step>) -> Result<(), Said> {
    let mut failures = 0;
    loop {
        let pause = match &quote.state {
            QuoteState::Calculating { poll_after_ms, .. } => Some(*poll_after_ms),
            _ => None,
        };
        step.change(quote.state.clone().into());
        let Some(pause) = pause else { return Ok(()) };
        let pause = u32::try_from(pause).unwrap_or(u32::MAX).clamp(300, 30_000);
        TimeoutFuture::new(pause << failures.min(4)).await;
        // Nobody can see it, or it can't come.
        while !untrack(|| shared.presence.is_present()) {
            TimeoutFuture::new(500).await;
        }
        match shared.api().quote(quote.id).await {
            Ok(Some(next)) => {
                failures = 0;
                quote = next;
            }
            Ok(None) => return Err(words().quote_gone),
            Err(error) if error.is_final() || failures >= 5 => return Err(why(shared, &error)),
            Err(_) => failures += 1,
        }
    }
}

fn why(shared: Shared, error: &OrdersError) -> Said {
    words_for(error, untrack(|| shared.presence.is_online()))
}

/// What is told of a step besides its name.
fn said(step: &Step, quantity: Option<u32>) -> String {
    let words = words();
    match step {
        Step::Asking | Step::Reading => String::new(),
        Step::Sending(gone, all) => {
            format!("{} / {}", text::size(*gone as u64), text::size(*all as u64))
        }
        Step::Calculating(percent) => format!("{percent}\u{a0}%"),
        Step::Ready(quoted, age_ms) => {
            let each = quantity
                .filter(|quantity| *quantity > 1)
                .and_then(|quantity| {
                    let each = quoted.price_kopecks.get() / i64::from(quantity);
                    domain::Kopecks::new(each)
                });
            let each = each.map(|each| format!("<span>{each} {}</span>", words.for_each));
            let [before, behind] = match age_ms {
                0..60_000 => [words.calculated[0], ""],
                _ => words.calculated,
            };
            format!(
                "<b class=\"sum\">{}</b>{}<span>{}</span><small>{before}{}{behind}</small>",
                quoted.price_kopecks,
                each.unwrap_or_default(),
                text::counted(quoted.days as usize, words.working_days),
                text::age(*age_ms),
            )
        }
        Step::Failed(reason) => Escaped(reason).to_string(),
        Step::Trouble(said) => said.1.to_owned(),
    }
}

fn template() -> String {
    let words = words();
    let chip = |name| format!("<button type=\"button\" class=\"chip\">{name}</button>");
    format!(
        "<header class=\"bar\"><button type=\"button\" class=\"icon back\" aria-label=\"{back}\"></button><h1 tabindex=\"-1\">{title}</h1></header>\
         <main><form class=\"card ask\" novalidate>\
         <label class=\"file\"><input type=\"file\" accept=\".stl,.step,.stp,.obj,.3mf,.iges,.igs\"><b></b><span></span></label>\
         <div class=\"field\"><label for=\"material\">{material}</label>\
         <input id=\"material\" name=\"material\" value=\"{first}\" maxlength=\"40\" autocomplete=\"off\" spellcheck=\"false\">\
         <div class=\"materials\">{chips}</div></div>\
         <div class=\"field\"><label for=\"quantity\">{quantity}</label>\
         <input id=\"quantity\" name=\"quantity\" inputmode=\"numeric\" value=\"1\" maxlength=\"6\" autocomplete=\"off\"></div>\
         <p class=\"error\" role=\"alert\"></p><button type=\"submit\" class=\"main\">{calculate}</button></form>\
         <section class=\"outcome none\"><h2></h2><progress max=\"100\" aria-label=\"{title}\"></progress><p class=\"said\"></p>\
         <button type=\"button\" class=\"cancel none\">{cancel}</button></section><p class=\"spoken told\" aria-live=\"polite\"></p></main>",
        back = words.back,
        title = words.quote_title,
        material = words.material,
        first = MATERIALS[0],
        chips = MATERIALS.map(chip).concat(),
        quantity = words.quantity,
        calculate = words.calculate,
        cancel = words.cancel,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_names_a_material_and_a_quantity() {
        let wanted = request(" pa12-gf", " 4 ").map(|wanted| wanted.canonical());
        assert_eq!(wanted.as_deref(), Ok("\nPA12-GF\n4"));
        assert!(request(&"я".repeat(40), "1").is_ok());
        for material in ["", " ", "a\nb", "a/b", &"x".repeat(41)] {
            assert_eq!(request(material, "1"), Err(words().no_material));
        }
        for quantity in ["", "0", "x", "100001", "-1", "1.5"] {
            assert_eq!(request("PA12", quantity), Err(words().wrong_quantity));
        }
    }

    #[test]
    fn progress_is_of_what_is_under_way() {
        assert_eq!(Step::Sending(512.0, 1024.0).percent(), Some(50));
        assert_eq!(Step::Sending(0.0, 0.0).percent(), Some(0));
        assert_eq!(Step::Calculating(40).percent(), Some(40));
        assert_eq!(Step::Reading.percent(), None);
        assert!(!Step::Failed(String::new()).is_under_way());
    }
}
