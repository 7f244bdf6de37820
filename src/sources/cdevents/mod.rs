//! To come.

use super::{Headers, Source};
use crate::domain::event::Parsed;

/// The registration.
pub const SOURCE: Source = Source {
    slug: "cdevents",
    name: "cdevents",
    verify: |_, _, _, _| Ok(()),
    delivery_id: |_, _| None,
    check: |_, _| Ok(()),
    parse: |_, _| Parsed::default(),
    webhook: false,
    recorded: |_| Headers::default(),
};
