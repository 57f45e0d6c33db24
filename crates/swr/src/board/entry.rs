use std::{fmt::Debug, hash::Hash};

/// What a board lists: something that is in one group at a time and moves between them, at a place among all that never
/// changes.
pub trait Entry: Clone {
    /// Its name.
    type Key: Copy + Ord + Hash + Debug;
    /// What it moves between.
    type Group: Copy + Ord + Hash + Debug;
    /// Its place: the greater comes first.
    type Rank: Copy + Ord + Hash + Debug;

    /// Its name.
    fn key(&self) -> Self::Key;

    /// Where it is.
    fn group(&self) -> Self::Group;

    /// Its place.
    fn rank(&self) -> Self::Rank;

    /// The number of its last change. Upstream numbers all changes of all entries in one row, so that of two states the one
    /// with the greater number is the newer, and a reading of many entries can say up to which change it knows.
    fn version(&self) -> u64;

    /// Whether this is the state that it was made in.
    fn is_first(&self) -> bool;
}
