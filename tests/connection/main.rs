//! What is stored: its text forms, and the options in its extra.

mod forms;
mod options;
mod properties;
