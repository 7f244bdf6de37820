//! What a source holds already, read from its beginning: a clone by the `git` program, a tool's API page by page.
//!
//! | file | does |
//! |---|---|
//! | `git` | reads a clone |
//! | [`walk`] | one stream of an API from where it stood to its end |
//! | [`place`] | where a stream stands: what is kept so that a cut-off run goes on |
//! | [`api`] | one request: until it is answered, refused, or not worth another try |
//! | `limit` | how long a source wants to be left alone |
//! | `address` | which URL an ask may go to |
//!
//! It asks and hands over; it never stores, and it never decides what an answer means: the source's
//! [`pages`](crate::sources::pages) do.

mod address;
pub mod api;
mod git;
mod limit;
pub mod place;
pub mod walk;

pub use git::{GitImport, GitRead};
