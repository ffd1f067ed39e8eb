//! Payloads of records: what is read is written and read again the same, and a key can be made of
//! it.
#![no_main]
use keyward_core::address::AddressSet;
use keyward_fuzz::setting::SETTING;
use keyward_wire::Record;
use keyward_wire::record::State;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let payload = SETTING.expand(text);
    let Ok(record) = Record::from_payload(payload.as_bytes()) else {
        return;
    };
    let written = record.to_payload().expect("what was read can be written");
    let again = Record::from_payload(&written).expect("what was written can be read");
    assert_eq!(again, record);
    assert_eq!(again.to_payload(), Ok(written));
    if let State::Live(live) = record.state
        && let Some(networks) = live.addresses
    {
        AddressSet::compile(networks).expect("networks that make a set");
    }
});
