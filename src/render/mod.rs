//! Card to Block Kit, text, HTML, PNG, JSON and CSV. Pure: no clock, no file, no network.
//!
//! N features and M formats meet in [`crate::domain::card::Card`], so nothing here knows a command's name. Everything in a
//! card is data from outside until proven otherwise: each format escapes all of it in its own way ([`outside`] for Slack and
//! the terminal, maud for HTML, the serialisers for JSON and CSV). Slack's limits live in [`limits`] and nowhere else.

pub mod blocks;
pub mod csv;
pub mod fonts;
pub mod html;
pub mod json;
pub mod limits;
pub mod outside;
pub mod png;
pub mod svg;
pub mod table;
pub mod text;

mod chart_text;
mod small_print;
mod spark;

#[cfg(test)]
mod chart_samples;
#[cfg(test)]
mod samples;

pub use blocks::{broken, error, form, has_charts, home, loading, message, modal, shared, with_sharer, without_charts};
pub use csv::csv;
pub use html::page;
pub use json::{error_json, json};
pub use text::{error_text, text};
