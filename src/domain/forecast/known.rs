//! [`Past`]: rows as they were known at an instant, which is all that a question about the past may see.
//!
//! A backtest that reads a row from after its cut is worthless and looks splendid. So what is tried gets no table and no index into one,
//! only this: it holds no later row, and making it of rows that include one is an error, even where the caller only sorted them wrongly.
//! Made from a slice once, never changed, never widened.

use super::super::time::At;

/// A row that was not known before some instant.
pub trait Dated {
    /// When it could be known at the earliest: for a week its end, for an item its finish.
    fn known_at(&self) -> At;
}

/// Rows known by the cut.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a, T> {
    rows: &'a [T],
}

/// A row from after the cut was about to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row known only at {row} was about to be read as of {cut}: a backtest must not look ahead")]
pub struct LookAhead {
    /// When the row became known.
    pub row: At,
    /// The instant of the question.
    pub cut: At,
}

impl<'a, T: Dated> Past<'a, T> {
    /// Of rows in the order in which they became known: those known by the cut.
    pub fn before(rows: &'a [T], cut: At) -> Result<Self, LookAhead> {
        let end = rows.iter().rposition(|row| row.known_at() <= cut).map_or(0, |last| last + 1);
        Self::only(&rows[..end], cut)
    }

    /// Of rows that must all have been known by the cut.
    pub fn only(rows: &'a [T], cut: At) -> Result<Self, LookAhead> {
        let late = rows.iter().map(Dated::known_at).find(|row| *row > cut);
        late.map_or(Ok(Self { rows }), |row| Err(LookAhead { row, cut }))
    }

    /// The rows, in order.
    pub fn rows(&self) -> &'a [T] {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(i64);

    impl Dated for Row {
        fn known_at(&self) -> At {
            At(self.0)
        }
    }

    /// The rows that are seen at a cut, or the one that must not be.
    fn check(rows: &[i64], cut: i64, expect: Result<&[i64], i64>) {
        let rows: Vec<Row> = rows.iter().copied().map(Row).collect();
        let seen = Past::before(&rows, At(cut)).map(|past| past.rows().iter().map(|row| row.0).collect::<Vec<_>>());
        assert_eq!(seen.map_err(|late| late.row.0), expect.map(<[i64]>::to_vec));
    }

    #[test]
    fn nothing_later_than_the_cut_is_seen() {
        check(&[1, 3, 5, 7], 5, Ok(&[1, 3, 5]));
        check(&[1, 3, 5, 7], 0, Ok(&[]));
        check(&[1, 3, 5, 7], 9, Ok(&[1, 3, 5, 7]));
        check(&[], 9, Ok(&[]));
    }

    #[test]
    fn a_planted_later_row_is_an_error() {
        check(&[1, 8, 3, 5, 7], 5, Err(8));
        let planted = [Row(1), Row(2), Row(6)];
        let error = Past::only(&planted, At(5)).map(|past| past.rows().len()).unwrap_err();
        assert_eq!((error.row, error.cut), (At(6), At(5)));
        assert!(error.to_string().ends_with("must not look ahead"));
    }
}
