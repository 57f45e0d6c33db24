//! What is found in a store: it may have been written by another version, or be anything. It is a record or a miss; and a record
//! is written as it was read.

#![no_main]

use edge::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(record) = Record::decode(text) {
        let written = record.encode();
        let read = Record::decode(&written).expect("what we write we read");
        assert_eq!(read, record);
        assert_eq!(read.encode(), written);
    }
});
