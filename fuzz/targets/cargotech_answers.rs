//! What CargoTech answers: whatever it is, a page holds only cargos that can be told apart, and everything that was read can be
//! stored and read again.

#![no_main]

use std::collections::HashSet;

use cargotech::decode;
use domain::{PAGE_ROWS, Page};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for offset in [0, 20] {
        if let Ok(page) = decode::page(body, offset) {
            assert!(page.cargos.len() <= PAGE_ROWS as usize);
            let ids: HashSet<_> = page.cargos.iter().map(|cargo| cargo.id).collect();
            assert_eq!(ids.len(), page.cargos.len(), "each once");
            let stored = serde_json::to_string(&page).expect("it can be stored");
            assert_eq!(
                serde_json::from_str::<Page>(&stored).expect("and read"),
                page
            );
            for cargo in &page.cargos {
                let _ = cards::card::row(cargo, 1_800_000_000_000);
            }
        }
    }
    if let Ok(detail) = decode::detail(body) {
        let stored = serde_json::to_string(&detail).expect("it can be stored");
        let read: domain::CargoDetail = serde_json::from_str(&stored).expect("and read");
        assert_eq!(read, detail);
        let _ = cards::facts::html(&detail);
    }
    let _ = decode::points(body);
    let _ = decode::freight_types(body);
});
