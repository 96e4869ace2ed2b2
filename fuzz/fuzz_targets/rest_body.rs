//! Bodies of REST calls. Run with `cargo +nightly fuzz run rest_body`.
#![no_main]

use chat_types::rest::{
    AccountImport, CreateGroup, GetGroupInfo, GroupIdOnly, ModifyGroupBaseInfo, SendGroupMsg,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = serde_json::from_slice::<AccountImport>(data);
    let _ = serde_json::from_slice::<CreateGroup>(data);
    let _ = serde_json::from_slice::<GetGroupInfo>(data);
    let _ = serde_json::from_slice::<ModifyGroupBaseInfo>(data);
    let _ = serde_json::from_slice::<GroupIdOnly>(data);
    if let Ok(body) = serde_json::from_slice::<SendGroupMsg>(data) {
        let _ = chat_types::element::check_body(&body.msg_body);
    }
});
