//! What must hold, held against upstream's own history. Nothing here asks the board what it thinks.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    order::{ALL, Key, Name, Order, QUERIES, Query, Rank, Status},
    upstream::State,
    world::{Answer, BEFORE, Shown, Want, World},
};

/// Somebody who reads a list page after page.
pub struct Walk {
    name: Name,
    began: u64,
    answered: Rc<Vec<u64>>,
    /// What he was shown is at least as new as this.
    read_at: u64,
    is_in_doubt: bool,
    seen: Vec<Key>,
}

impl Walk {
    pub fn new(name: Name, now: u64, answered: &Rc<Vec<u64>>) -> Self {
        Self {
            name,
            began: now,
            answered: Rc::clone(answered),
            read_at: now,
            is_in_doubt: false,
            seen: Vec::new(),
        }
    }
}

/// Which states of an order may be shown: those that it had at this moment or later, and none that is older than what was
/// answered.
struct Window<'a> {
    read_at: u64,
    made_at: u64,
    answered: &'a [u64],
}

impl Window<'_> {
    fn holds(&self, state: &State) -> bool {
        let order = &state.story.order;
        state.since <= self.made_at && state.until >= self.read_at && !self.is_outdated(order)
    }

    fn is_outdated(&self, order: &Order) -> bool {
        let answered = self.answered.get(usize::from(order.key));
        answered.is_some_and(|&answered| order.version < answered)
    }

    /// Whether it may be that the order is not shown.
    ///
    /// The statuses of a list that many ask for are read one by one. So an order that goes from one to another, both of the
    /// list, by a change that the board is not told of, may be in neither: in the first because that was read after it had
    /// gone, in the second because that was read before it came.
    fn may_be_missing(&self, history: &[State], query: &Query) -> bool {
        let first = &history[0];
        let was_not_yet = first.since >= self.read_at && self.answered_version(first) == 0;
        let mut states = history.iter().filter(|state| self.holds(state));
        let was_elsewhere = states
            .clone()
            .any(|state| !query.matches(&state.story.order));
        let status = |state: &State| state.story.order.status;
        let first = states.next().map(status);
        let has_moved = states.any(|state| Some(status(state)) != first);
        was_not_yet || was_elsewhere || (has_moved && query.remainder.is_none())
    }

    fn answered_version(&self, state: &State) -> u64 {
        let key = usize::from(state.story.order.key);
        self.answered.get(key).copied().unwrap_or(0)
    }
}

impl World<'_> {
    /// (1), (2), (4) and (11) of one answer.
    pub fn check_answer(&mut self, read: usize, answer: &Answer) {
        if let Err(broken) = self.judge(read, answer) {
            self.break_with(broken);
        }
    }

    fn judge(&self, read: usize, answer: &Answer) -> Result<(), String> {
        let of = &self.reads[read];
        let policy = &self.schedule.policy;
        let (policies, what) = match of.want {
            Want::List(..) => ([policy.lists, policy.pages], "list"),
            Want::Detail(_) => ([policy.details, policy.details], "detail"),
            Want::Counts => return Ok(()),
        };
        let age = answer.made_at.saturating_sub(answer.read_at);
        let windows = policies.map(|policy| {
            if answer.is_stale {
                policy.dead_after()
            } else {
                policy.fresh
            }
        });
        if age > windows[0].max(windows[1]) {
            return Err(format!(
                "4: a {what} is shown {age} ms after it was read, stale: {}",
                answer.is_stale
            ));
        }
        let none = Rc::new(Vec::new());
        // What is in doubt, a writer's answer does not bind.
        let answered = if answer.is_in_doubt {
            &none
        } else {
            &of.answered
        };
        let window = Window {
            read_at: answer.read_at.saturating_sub(self.schedule.lag),
            made_at: answer.made_at,
            answered,
        };
        match (&answer.shown, of.want) {
            (Shown::List { entries, next }, Want::List(name, below)) => {
                self.judge_list(&window, name, below, entries, *next)?;
                if self.is_healed(of.began) && !answer.is_stale {
                    self.judge_healed_list(name, below, entries)?;
                } else if self.is_healed(of.began) {
                    return Err("7: upstream is well, and yet what is shown is stale".into());
                }
                Ok(())
            }
            (Shown::Detail(None), Want::Detail(key)) => {
                match self.upstream.histories.get(usize::from(key)) {
                    Some(history) if !window.may_be_missing(history, &ALL) => {
                        Err(format!("4: there is an order {key}"))
                    }
                    _ => Ok(()),
                }
            }
            (Shown::Detail(Some(story)), Want::Detail(_)) => {
                self.judge_order(&window, &story.order)?;
                let state = self.upstream.state_of(story.order.version, story.order.key);
                match state {
                    Some(state) if state.story == *story => Ok(()),
                    _ => Err(format!("11: it never went that way: {story:?}")),
                }
            }
            _ => Ok(()),
        }
    }

    fn judge_order(&self, window: &Window, order: &Order) -> Result<(), String> {
        let state = self.upstream.state_of(order.version, order.key);
        let Some(state) = state.filter(|state| state.story.order == *order) else {
            return Err(format!("11: never was there {order:?}"));
        };
        if window.is_outdated(order) {
            return Err(format!("1: an older state than was answered: {order:?}"));
        }
        if !window.holds(state) {
            return Err(format!(
                "4: {order:?} was over {} ms before what it is shown as was read",
                window.read_at.saturating_sub(state.until)
            ));
        }
        Ok(())
    }

    fn judge_list(
        &self,
        window: &Window,
        name: Name,
        below: Option<Rank>,
        entries: &[Order],
        next: Option<Rank>,
    ) -> Result<(), String> {
        let query = &QUERIES[name];
        let in_order = entries.windows(2).all(|two| two[0].rank > two[1].rank);
        let begins_below = entries
            .first()
            .is_none_or(|first| below.is_none_or(|below| first.rank < below));
        if !in_order || !begins_below || entries.len() > query.limit {
            return Err(format!("2: below {below:?} and in no order: {entries:?}"));
        }
        let leads_on = next.is_none_or(|next| {
            below.is_none_or(|below| next < below)
                && entries.last().is_none_or(|last| last.rank >= next)
        });
        if !leads_on {
            return Err(format!("3: {next:?} leads nowhere from {entries:?}"));
        }
        for order in entries {
            self.judge_order(window, order)?;
            if !query.matches(order) {
                return Err(format!("2: {order:?} was not asked for"));
            }
        }
        for history in &self.upstream.histories {
            let order = history[0].story.order;
            let is_within = below.is_none_or(|below| order.rank < below)
                && next.is_none_or(|next| order.rank >= next);
            let is_shown = entries.iter().any(|shown| shown.key == order.key);
            if !is_within || is_shown {
                continue;
            }
            if window.may_be_missing(history, query) {
                continue;
            }
            let before = Window {
                answered: &[],
                ..*window
            };
            let number = if before.may_be_missing(history, query) {
                1
            } else {
                2
            };
            let states: Vec<_> = history
                .iter()
                .map(|state| (state.since.saturating_sub(BEFORE), state.story.order))
                .collect();
            return Err(format!("{number}: {} is missing: {states:?}", order.key));
        }
        Ok(())
    }

    /// Whoever begins now sees upstream as it is.
    fn is_healed(&self, began: u64) -> bool {
        began - BEFORE > self.schedule.healed_from
    }

    fn judge_healed_list(
        &self,
        name: Name,
        below: Option<Rank>,
        entries: &[Order],
    ) -> Result<(), String> {
        let query = &QUERIES[name];
        let as_of = self.upstream.changes();
        let limit = entries.len();
        let right = self
            .upstream
            .list(|order| query.matches(order), below, limit, as_of);
        if right.entries != entries {
            return Err(format!(
                "7: {:?} is still shown as {entries:?}",
                right.entries
            ));
        }
        Ok(())
    }

    /// (7): what is counted is right if the board was told of every change since.
    pub fn check_counts(&mut self, counts: &BTreeMap<Status, u64>, is_certain: bool) {
        if !is_certain {
            return;
        }
        self.tally.certain_counts += 1;
        let (last, as_of) = (self.upstream.changes(), self.holder.counted_as_of);
        let told = &self.holder.told;
        let is_all_told = as_of <= last
            && (as_of + 1..=last).all(|version| told.get(version as usize) == Some(&true));
        let is_healed = self.is_healed(self.now);
        if !is_all_told && !is_healed {
            return;
        }
        let truth = self.upstream.counts(last);
        let is_right = (0..5)
            .all(|status| counts.get(&status).unwrap_or(&0) == truth.get(&status).unwrap_or(&0));
        if !is_right {
            self.break_with(format!("7: {truth:?} are counted as {counts:?}"));
        }
    }

    /// (2): of the first pages of all statuses at one moment, none holds what another does.
    pub fn check_board(&mut self) {
        let mut seen = Vec::new();
        for order in self.first_pages().into_iter().flatten() {
            if seen.contains(&order.key) {
                self.break_with(format!("2: {} is in two statuses", order.key));
            }
            seen.push(order.key);
        }
    }

    pub fn walk_goes_on(&mut self, walk: usize, answer: &Answer) {
        let Shown::List { entries, .. } = &answer.shown else {
            return;
        };
        let of = &mut self.walks[walk];
        of.read_at = of.read_at.min(answer.read_at);
        of.is_in_doubt |= answer.is_in_doubt;
        let twice = entries.iter().find(|order| of.seen.contains(&order.key));
        let broken = twice.map(|order| format!("3: a walk shows {} twice", order.key));
        of.seen.extend(entries.iter().map(|order| order.key));
        if let Some(broken) = broken {
            self.break_with(broken);
        }
    }

    pub fn walk_ends(&mut self, walk: usize) {
        self.tally.walks += 1;
        let of = &self.walks[walk];
        let query = &QUERIES[of.name];
        let window = Window {
            read_at: of.read_at.min(of.began).saturating_sub(self.schedule.lag),
            made_at: self.now,
            answered: if of.is_in_doubt { &[] } else { &of.answered },
        };
        let missed = self.upstream.histories.iter().find(|history| {
            let key = history[0].story.order.key;
            !of.seen.contains(&key) && !window.may_be_missing(history, query)
        });
        if let Some(history) = missed {
            let key = history[0].story.order.key;
            self.break_with(format!("3: a walk never shows {key}"));
        }
    }

    /// (7), when all is over.
    pub fn check_end(&mut self) {
        if let Some(read) = self.waits_for_ever() {
            self.break_with(format!("7: reader {read} waits for ever"));
        }
        if !self.holder.store.doubts.is_empty() {
            let doubts = &self.holder.store.doubts;
            let broken = format!("7: still in doubt: {doubts:?}");
            self.break_with(broken);
        }
        self.check_quotes();
    }
}
