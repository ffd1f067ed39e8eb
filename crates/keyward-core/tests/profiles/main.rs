//! Guarantees that requests of clients that exist today are verified unchanged where their
//! signature covers enough, and that the holes which they are used to are closed.

#[path = "../suite/mod.rs"]
mod suite;

mod setting;

mod carriers;
mod cavage;
mod challenges;
mod cloud9;
mod cloud9_content;
mod digest;
mod hostile;
mod kong;
mod kong_cases;
mod kong_coverage;
mod one_answer;
mod published;
mod replay;
mod signing;
