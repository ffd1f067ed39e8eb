//! What both Workers need of their runtime and the `worker` crate does not give.
mod address;
mod js;
mod storage;

pub use address::client_address;
pub use js::property;
pub use storage::{delete_alarm, set_alarm, transaction};
