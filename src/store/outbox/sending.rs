//! Which message may leave now, and what came of it.
//!
//! A claim is one write transaction, and those are serial over all processes: so two replicas never have one message, nor two of one
//! channel, and both keep one budget. A claim that was not settled in time is taken over under a higher fence; the row then says
//! since when Slack may have it (`asked_at`), and whoever has the claim looks before posting.
//!
//! What waits after a failure is the channel, not the message: so its messages keep their order.

use anyhow::{Context, Result};
use sqlx::{AnyConnection, Row};

use crate::domain::time::{At, SECOND};
use crate::store::Store;

/// The row that stands for all channels.
pub const WORKSPACE: &str = "";
/// No wait is longer. A longer one is of a clock that was set back since.
const LONGEST_HOLD: i64 = 3_600 * SECOND;
/// A channel that failed often waits for this at most.
const LONGEST_BACKOFF: i64 = 300 * SECOND;

/// How fast messages may leave.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two messages of a channel.
    pub channel: i64,
    /// Between two messages of the workspace, on average.
    pub workspace: i64,
    /// So many may leave at once after a rest.
    pub burst: i64,
    /// A claim that was not settled for so long is taken over.
    pub lease: i64,
    /// A first post of a subscription is dropped when it could not leave for so long.
    pub late: i64,
}

/// A message to send, by whoever has the fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names the message.
    pub key: String,
    /// As the message names it: a channel, or a person.
    pub channel: String,
    /// The channel in which it stands; of a person, the direct message, once it is known.
    pub place: Option<String>,
    /// The message in whose thread it stands.
    pub thread_ts: Option<String>,
    /// Block Kit JSON.
    pub body: String,
    /// Which words these are.
    pub revision: i64,
    /// Slack's name of the message, where it stands already: it is edited.
    pub ts: Option<String>,
    /// Since when Slack may have it: it is looked for first.
    pub asked_at: Option<At>,
    /// When it was claimed.
    pub claimed_at: At,
    /// How often it was claimed since it last stood as it should.
    pub tries: i64,
    /// Shown again when it is settled.
    pub fence: i64,
    /// The wave of a survey of which it reminds whoever has not answered.
    pub reminds_of: Option<String>,
    /// When it was to leave at the earliest.
    pub not_before: At,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stands in Slack.
    Stands {
        /// The channel.
        place: String,
        /// Slack's name of it.
        ts: String,
        /// Which words stand.
        revision: i64,
        /// Why they are not the newest.
        note: Option<String>,
    },
    /// Surely nothing was done: it is sent again.
    Again(String),
    /// It may stand: it is looked for before it is sent again.
    Unsure(String),
    /// It may stand, and that can't be found out: a person decides.
    Parked(String),
    /// Slack does not take it, now or later: a person decides, or other words.
    Refused(String),
    /// It is not sent any more.
    Dropped(String),
    /// Not now: it is sent later.
    Later(At),
    /// A reminder, whether it goes out or not: its row is done, and nothing in it says which.
    Reminded,
}

/// A channel, or the workspace, waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Until then.
    pub until: At,
    /// How often in a row it failed.
    pub strikes: i64,
    /// Why.
    pub problem: Option<String>,
}

/// Rows that may be claimed, but for their channel's state; $1 is now, $2 and $3 the claims that are lost.
const OPEN: &str = "((o.state = 'waiting' and o.not_before <= $1) or (o.state = 'sending' and (o.claimed_at <= $2 or o.claimed_at > $3)))";

impl Store {
    /// Claims the first message of each channel that may leave now, `most` at once.
    pub async fn claim_messages(&self, pace: Pace, most: i64, now: At) -> Result<Vec<Claim>> {
        self.writer.write_unread(move |conn| Box::pin(async move { claim(conn, pace, most, now).await })).await.context("claiming messages")
    }

    /// Settles a claim; false where it was taken over meanwhile: then nothing is changed.
    pub async fn settle_message(&self, claim: &Claim, fate: Fate, now: At) -> Result<bool> {
        let claim = claim.clone();
        self.writer
            .write_unread(move |conn| {
                let (claim, fate) = (claim.clone(), fate.clone());
                Box::pin(async move { settle(conn, &claim, fate, now).await })
            })
            .await
            .context("settling a message")
    }

    /// Holds a channel, or the workspace: for so long at least, longer the oftener it failed in a row.
    pub async fn hold(&self, channel: &str, at_least: i64, problem: &str, now: At) -> Result<()> {
        let (channel, problem, jitter) = (channel.to_owned(), problem.to_owned(), rand::random_range(0.5..1.0));
        self.writer
            .write_unread(move |conn| {
                let (channel, problem) = (channel.clone(), problem.clone());
                Box::pin(async move {
                    let before = held(conn, &channel).await?;
                    let strikes = before.as_ref().map_or(0, |hold| hold.strikes);
                    // Calls that were under way when the workspace failed say the same once more.
                    let again = channel == WORKSPACE && strikes > 0 && before.is_some_and(|hold| hold.until > now);
                    let strikes = if again { strikes } else { strikes + 1 };
                    let wait = backoff(strikes, jitter).max(at_least).min(LONGEST_HOLD);
                    let sql = "insert into outbox_channel (channel, free_at, strikes, problem) values ($1, $2, $3, $4) on conflict (channel) \
                               do update set free_at = excluded.free_at, strikes = excluded.strikes, problem = excluded.problem";
                    let query = sqlx::query(sql).bind(channel).bind(now.plus(wait).0).bind(strikes).bind(problem);
                    query.execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("holding a channel")
    }

    /// Lets a channel, or the workspace, go again.
    pub async fn release(&self, channel: &str, now: At) -> Result<()> {
        let channel = channel.to_owned();
        self.writer
            .write_unread(move |conn| {
                let channel = channel.clone();
                Box::pin(async move {
                    let sql = "update outbox_channel set strikes = 0, problem = null, free_at = $2 where channel = $1 and strikes > 0";
                    sqlx::query(sql).bind(channel).bind(now.0).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("letting a channel go")
    }

    /// Why and until when a channel, or the workspace, is held; none where it is not.
    pub async fn hold_of(&self, channel: &str) -> Result<Option<Hold>> {
        let sql = "select free_at, strikes, problem from outbox_channel where channel = $1 and strikes > 0";
        let row = sqlx::query(sql).bind(channel.to_owned()).fetch_optional(&self.pool).await.context("reading a hold")?;
        row.map(|row| Ok(Hold { until: At(row.try_get(0)?), strikes: row.try_get(1)?, problem: row.try_get(2)? })).transpose()
    }

    /// Keeps where messages to a person go.
    pub async fn keep_place(&self, channel: &str, place: &str) -> Result<()> {
        let (channel, place) = (channel.to_owned(), place.to_owned());
        self.writer
            .write_unread(move |conn| {
                let (channel, place) = (channel.clone(), place.clone());
                Box::pin(async move {
                    sqlx::query("update outbox_channel set place = $2 where channel = $1").bind(channel).bind(place).execute(conn).await?;
                    Ok(())
                })
            })
            .await
            .context("keeping a direct message's channel")
    }

    /// When something may leave next, as far as is known; none: nothing waits.
    pub async fn next_message_at(&self, pace: Pace) -> Result<Option<At>> {
        let sql = "select min(case when o.state = 'sending' then o.claimed_at + $1 when coalesce(c.free_at, 0) > o.not_before then c.free_at \
                   else o.not_before end) from outbox o left join outbox_channel c on c.channel = o.channel where o.state in ('waiting', 'sending')";
        let row = sqlx::query(sql).bind(pace.lease).fetch_one(&self.pool).await.context("looking what is sent next")?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(At))
    }
}

/// One second, two, four, ..., with jitter: from half of it to all of it.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "at most five minutes")]
fn backoff(strikes: i64, jitter: f64) -> i64 {
    let whole = (SECOND << strikes.clamp(1, 10)).min(LONGEST_BACKOFF);
    (whole as f64 * jitter) as i64
}

async fn held(conn: &mut AnyConnection, channel: &str) -> Result<Option<Hold>> {
    let sql = "select free_at, strikes, problem from outbox_channel where channel = $1";
    let row = sqlx::query(sql).bind(channel.to_owned()).fetch_optional(conn).await?;
    row.map(|row| Ok(Hold { until: At(row.try_get(0)?), strikes: row.try_get(1)?, problem: row.try_get(2)? })).transpose()
}

async fn claim(conn: &mut AnyConnection, pace: Pace, most: i64, now: At) -> Result<Vec<Claim>> {
    let hold = held(conn, WORKSPACE).await?.filter(|hold| hold.until.since(now) <= LONGEST_HOLD);
    // The budget is a bucket: `free_at` is when it would be full again.
    let full_at = match hold {
        Some(hold) if hold.strikes > 0 => return Ok(Vec::new()),
        Some(hold) => hold.until.max(now),
        None => now,
    };
    let room = (pace.burst - full_at.since(now) / pace.workspace).min(most);
    if room <= 0 {
        return Ok(Vec::new());
    }
    settle_hopeless(conn, pace, now).await?;
    let (lost, wrong) = (now.plus(-pace.lease), now.plus(pace.lease));
    let sql = format!(
        "select key from (select o.key, o.seq, row_number() over (partition by o.channel order by o.seq) as place from outbox o \
         left join outbox_channel c on c.channel = o.channel left join outbox p on p.key = o.thread_of where {OPEN} \
         and (coalesce(c.free_at, 0) <= $1 or c.free_at > $5) and (o.thread_of is null or o.ts is not null or p.ts is not null) \
         and not exists (select 1 from outbox b where b.channel = o.channel and b.state = 'sending' and b.claimed_at > $2 and b.claimed_at <= $3)) \
         first where place = 1 order by seq limit $4"
    );
    let keys = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(now.0)
        .bind(lost.0)
        .bind(wrong.0)
        .bind(room)
        .bind(now.plus(LONGEST_HOLD).0)
        .fetch_all(&mut *conn)
        .await?;
    let mut claims = Vec::with_capacity(keys.len());
    for key in keys {
        claims.push(take(conn, key.try_get(0)?, pace, now).await?);
    }
    if !claims.is_empty() {
        let spent = pace.workspace * i64::try_from(claims.len()).unwrap_or(most);
        free_at(conn, WORKSPACE, full_at.plus(spent)).await?;
    }
    Ok(claims)
}

/// Settles what can't be sent: what is days late, and what stands in the thread of a message that will not stand.
async fn settle_hopeless(conn: &mut AnyConnection, pace: Pace, now: At) -> Result<()> {
    let late = "update outbox set state = 'dropped', problem = 'Slack could not be reached for a day, so it would have come too late.' \
                where state = 'waiting' and ts is null and asked_at is null and subscription is not null and said_at < $1 and not_before < $1";
    sqlx::query(late).bind(now.plus(-pace.late).0).execute(&mut *conn).await?;
    for (state, problem, parent) in [
        (
            "dropped",
            "The message in whose thread it stands was dropped.",
            "exists (select 1 from outbox p where p.key = outbox.thread_of and p.state = 'dropped' and p.ts is null)",
        ),
        (
            "parked",
            "The message in whose thread it stands is parked.",
            "exists (select 1 from outbox p where p.key = outbox.thread_of and p.state = 'parked' and p.ts is null)",
        ),
        (
            "parked",
            "The message in whose thread it stands is not known any more.",
            "not exists (select 1 from outbox p where p.key = outbox.thread_of)",
        ),
    ] {
        let sql = format!(
            "update outbox set state = '{state}', problem = '{problem}' where state = 'waiting' and ts is null and thread_of is not null and {parent}"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn take(conn: &mut AnyConnection, key: String, pace: Pace, now: At) -> Result<Claim> {
    let sql = "select o.channel, coalesce(o.place, c.place), p.ts, o.body, o.revision, o.ts, o.asked_at, o.fence, o.tries, o.reminds_of, o.not_before from outbox o \
               left join outbox p on p.key = o.thread_of left join outbox_channel c on c.channel = o.channel where o.key = $1";
    let row = sqlx::query(sql).bind(key.clone()).fetch_one(&mut *conn).await?;
    let claim = Claim {
        channel: row.try_get(0)?,
        place: row.try_get(1)?,
        thread_ts: row.try_get(2)?,
        body: row.try_get(3)?,
        revision: row.try_get(4)?,
        ts: row.try_get(5)?,
        asked_at: row.try_get::<Option<i64>, _>(6)?.map(At),
        claimed_at: now,
        fence: row.try_get::<i64, _>(7)? + 1,
        tries: row.try_get::<i64, _>(8)? + 1,
        reminds_of: row.try_get(9)?,
        not_before: At(row.try_get(10)?),
        key,
    };
    let sql = "update outbox set state = 'sending', claimed_at = $1, fence = $2, tries = tries + 1, \
               asked_at = case when ts is null then coalesce(asked_at, $1) else null end where key = $3";
    sqlx::query(sql).bind(now.0).bind(claim.fence).bind(claim.key.clone()).execute(&mut *conn).await?;
    free_at(conn, &claim.channel, now.plus(pace.channel)).await?;
    Ok(claim)
}

async fn free_at(conn: &mut AnyConnection, channel: &str, at: At) -> Result<()> {
    let sql = "insert into outbox_channel (channel, free_at, strikes) values ($1, $2, 0) on conflict (channel) do update set free_at = excluded.free_at";
    sqlx::query(sql).bind(channel.to_owned()).bind(at.0).execute(conn).await?;
    Ok(())
}

async fn settle(conn: &mut AnyConnection, claim: &Claim, fate: Fate, now: At) -> Result<bool> {
    let (key, fence) = (claim.key.clone(), claim.fence);
    let stands = matches!(fate, Fate::Stands { .. });
    let query = match fate {
        Fate::Stands { place, ts, revision, note } => {
            let sql = "update outbox set state = case when revision > $3 then 'waiting' else 'sent' end, sent_revision = $3, place = $4, ts = $5, \
                       problem = $6, sent_at = $7, asked_at = null, tries = 0 where key = $1 and fence = $2 and state = 'sending'";
            sqlx::query(sql).bind(key).bind(fence).bind(revision).bind(place).bind(ts).bind(note).bind(now.0)
        }
        Fate::Later(at) => {
            let sql = "update outbox set state = 'waiting', asked_at = null, not_before = $3, tries = 0 where key = $1 and fence = $2 and state = 'sending'";
            sqlx::query(sql).bind(key).bind(fence).bind(at.0)
        }
        Fate::Reminded => {
            let sql = "update outbox set state = 'sent', sent_revision = revision, place = null, ts = null, problem = null, \
                       sent_at = claimed_at, asked_at = null, tries = 0 where key = $1 and fence = $2 and state = 'sending'";
            sqlx::query(sql).bind(key).bind(fence)
        }
        Fate::Again(problem) => becomes("waiting", "null").bind(key).bind(fence).bind(problem),
        Fate::Unsure(problem) => becomes("waiting", "asked_at").bind(key).bind(fence).bind(problem),
        Fate::Parked(problem) => becomes("parked", "asked_at").bind(key).bind(fence).bind(problem),
        Fate::Refused(problem) => becomes("parked", "null").bind(key).bind(fence).bind(problem),
        Fate::Dropped(problem) => becomes("dropped", "null").bind(key).bind(fence).bind(problem),
    };
    let done = query.execute(&mut *conn).await?.rows_affected() == 1;
    if done && stands {
        let sql = "update outbox_channel set strikes = 0, problem = null where channel = $1 and strikes > 0";
        sqlx::query(sql).bind(claim.channel.clone()).execute(conn).await?;
    }
    Ok(done)
}

/// A claim's row in another state; what surely does not stand is not looked for later.
fn becomes(state: &'static str, asked_at: &'static str) -> sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments> {
    let sql = format!(
        "update outbox set state = '{state}', asked_at = {asked_at}, problem = $3 where key = $1 and fence = $2 and state = 'sending'"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_about_twice_as_long_up_to_five_minutes() {
        assert_eq!([1, 2, 3, 9].map(|strikes| backoff(strikes, 1.0) / SECOND), [2, 4, 8, 300]);
        assert_eq!(backoff(1, 0.5), SECOND);
        assert_eq!(backoff(i64::MAX, 1.0), LONGEST_BACKOFF);
    }
}
