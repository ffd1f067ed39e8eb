//! The reference that the package is held against: the core's own `verify` on one screen, with
//! masters as the gateway has them, asked in JSON. Answers are recorded in `tests/vectors/generated`.
mod answer;
mod call;
mod decide;
mod sign;

pub(crate) use decide::decide_json;
pub(crate) use sign::sign_json;
