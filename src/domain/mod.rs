//! The pure vocabulary: what the words mean, with no input or output of any kind.
//!
//! Nothing here imports anything of ours from outside this folder. `now` and `seed` are arguments.

pub mod alloc;
pub mod ask;
pub mod benchmark;
pub mod calendar;
pub mod capacity;
pub mod card;
pub mod chart;
pub mod crontab;
pub mod derive;
pub mod event;
pub mod figure;
pub mod flow;
pub mod focus;
pub mod forecast;
pub mod form;
pub mod glob;
pub mod improvement;
pub mod item_link;
pub mod machines;
pub mod members;
pub mod metric;
pub mod naming;
pub mod org;
pub mod part;
pub mod pool;
pub mod portfolio;
pub mod post;
pub mod risk;
pub mod said;
pub mod stats;
pub mod subscription;
pub mod survey;
pub mod time;
pub mod todo;
pub mod traces;
pub mod window;
pub mod words;
pub mod work;
