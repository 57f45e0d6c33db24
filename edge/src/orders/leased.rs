//! Lists in this isolate's memory, for as long as the board has leased them: see [`swr::board::Leases`].

use std::{cell::RefCell, rc::Rc};

use domain::orders::{Filter, Rank, Site};
use swr::{Bounded, UnixMillis};

use super::board::ListTold;

/// What was asked.
pub type Asked = (Option<Site>, Filter, Option<Rank>, u32);

/// So many lists are kept: a tenth of a second is not enough to be asked for more.
const MOST: usize = 200;

thread_local! {
    static LISTS: RefCell<Bounded<Asked, (UnixMillis, Rc<ListTold>)>> = RefCell::new(Bounded::new(MOST));
}

/// A list that may still be served.
pub fn get(asked: &Asked, now: UnixMillis) -> Option<Rc<ListTold>> {
    LISTS.with_borrow_mut(|lists| {
        let (until, list) = lists.get_mut(asked)?;
        (now < *until).then(|| list.clone())
    })
}

/// Keeps a list that was asked for at `asked_at`, if it was leased.
pub fn put(asked: Asked, list: &Rc<ListTold>, asked_at: UnixMillis) {
    if let Some(lease) = list.lease_ms {
        let until = asked_at.plus(lease);
        LISTS.with_borrow_mut(|lists| lists.put(asked, (until, list.clone()), 1));
    }
}
