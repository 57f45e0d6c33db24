//! The loop around [`Poller`]: one timer, one request, and what the page and Telegram tell of the driver's presence.

use std::{cell::RefCell, rc::Rc};

use futures_util::future::{AbortHandle, LocalBoxFuture, abortable};
use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;
use web_sys::{AbortController, AbortSignal};

use crate::{
    clock,
    poller::{Command, Event, Poller},
};

/// Makes one request, gives it up when the signal says so, and tells how it ended: [`Event::Answered`],
/// [`Event::Failed`] or [`Event::Stopped`].
pub type Poll = dyn Fn(AbortSignal) -> LocalBoxFuture<'static, Event>;

/// Polls for as long as it lives. Dropping the last handle stops it.
pub struct PollLoop {
    poller: RefCell<Poller>,
    poll: Box<Poll>,
    timer: RefCell<Option<Timeout>>,
    request: RefCell<Option<Request>>,
}

/// A poll under way. Dropping it gives up the request, and whoever waits for it hears nothing any more.
struct Request {
    network: AbortController,
    task: AbortHandle,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.task.abort();
        self.network.abort();
    }
}

impl PollLoop {
    /// A loop that waits for [`Event::Present`].
    pub fn new(poll: Box<Poll>) -> Rc<Self> {
        Rc::new(Self {
            poller: RefCell::default(),
            poll,
            timer: RefCell::default(),
            request: RefCell::default(),
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
            Command::Abort => drop(self.request.take()),
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
        // Every browser that runs this program has AbortController.
        let Ok(network) = AbortController::new() else {
            return;
        };
        let (poll, task) = abortable((self.poll)(network.signal()));
        self.request.replace(Some(Request { network, task }));
        let this = Rc::downgrade(self);
        spawn_local(async move {
            if let Ok(event) = poll.await
                && let Some(this) = this.upgrade()
            {
                this.on(event);
            }
        });
    }
}
