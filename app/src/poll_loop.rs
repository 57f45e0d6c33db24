//! The loop around [`Poller`]: one timer, one request, and what the page and Telegram tell of the driver's presence.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;
use web_sys::{AbortController, AbortSignal};

use crate::{
    clock,
    poller::{Command, Event, Poller},
};

/// Polls for as long as it lives. Dropping the last handle stops it.
pub struct PollLoop<P> {
    poller: RefCell<Poller>,
    poll: P,
    timer: RefCell<Option<Timeout>>,
    request: RefCell<Option<AbortController>>,
    /// Which poll is the present one: what becomes of an older one is not reported.
    generation: Cell<u32>,
}

impl<P, F> PollLoop<P>
where
    P: Fn(AbortSignal) -> F + 'static,
    F: Future<Output = Event> + 'static,
{
    /// A loop that waits for [`Event::Present`]. `poll` makes one request, gives it up when the signal says so, and
    /// tells how it ended: [`Event::Answered`], [`Event::Failed`] or [`Event::Stopped`].
    pub fn new(poll: P) -> Rc<Self> {
        Rc::new(Self {
            poller: RefCell::default(),
            poll,
            timer: RefCell::default(),
            request: RefCell::default(),
            generation: Cell::default(),
        })
    }

    /// Takes in an event and does what the poller makes of it.
    pub fn on(self: &Rc<Self>, event: Event) {
        let commands = self
            .poller
            .borrow_mut()
            .on(event, clock::now(), clock::random());
        for command in commands {
            self.obey(command);
        }
    }

    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::Poll => self.begin(),
            Command::Abort => {
                self.generation.set(self.generation.get().wrapping_add(1));
                if let Some(request) = self.request.take() {
                    request.abort();
                }
            }
            Command::WakeAfter(ms) => {
                let this = Rc::downgrade(self);
                let timer = Timeout::new(ms, move || {
                    if let Some(this) = this.upgrade() {
                        this.on(Event::Woken);
                    }
                });
                self.timer.replace(Some(timer));
            }
            Command::Sleep => drop(self.timer.take()),
        }
    }

    fn begin(self: &Rc<Self>) {
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        // Every browser that runs this program has AbortController.
        let Ok(request) = AbortController::new() else {
            return;
        };
        let poll = (self.poll)(request.signal());
        self.request.replace(Some(request));
        let this = Rc::downgrade(self);
        spawn_local(async move {
            let event = poll.await;
            if let Some(this) = this
                .upgrade()
                .filter(|this| this.generation.get() == generation)
            {
                this.on(event);
            }
        });
    }
}

impl<P> Drop for PollLoop<P> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            request.abort();
        }
    }
}
