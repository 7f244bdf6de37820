//! A wave begins: who is asked, when each hears of it, what they see, and which groups will be shown.
