use swr::{Stamp, Stamped};

/// A copy: which fetch it is of, instead of any content.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub stamp: Stamp,
    pub key: usize,
    pub fetch: usize,
}

impl Stamped for Record {
    fn stamp(&self) -> Stamp {
        self.stamp
    }
}
