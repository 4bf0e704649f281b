//! What time does: grants start and end, requests lapse, people are reminded, old things are swept.

use latchkey_service::{approvers, break_glass, call_ins, deadline, delegate, expire, separation, sessions, wishes};

use crate::{Result, shared::Shared};

/// How many of each are done in one go, before others get their turn.
const AT_ONCE: i64 = 100;

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Grants that ended.
    pub ended: usize,
    /// Grants that started.
    pub started: usize,
    /// Items that nobody decided in time.
    pub lapsed: usize,
    /// Stages whose deadline passed.
    pub overdue: usize,
    /// Delegations that began or were over.
    pub turned: usize,
    /// Holders who were told that something ends soon.
    pub reminded: usize,
    /// Exceptions from rules that keep duties apart, whose time was over.
    pub exceptions: usize,
    /// Reviews of what was taken in an emergency that nobody did in time.
    pub reviews: usize,
    /// Wishes in words that should have been answered by now, or that wait for others.
    pub wishes: usize,
    /// Sources that can't be reached, and what ended because of that.
    pub sources: usize,
}

impl Expired {
    /// Whether there may be more to do.
    pub(crate) fn is_full(self) -> bool {
        let most = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let done = [self.ended, self.started, self.lapsed, self.overdue, self.turned, self.reminded, self.exceptions];
        done.into_iter().chain([self.reviews, self.wishes, self.sources]).any(|n| n >= most)
    }
}

/// Ends, starts and lapses what is due. One that fails doesn't keep the others from their turn.
pub(crate) async fn pass(shared: &Shared) -> Result<Expired> {
    let (db, clock) = (&shared.db, shared.clock.as_ref());
    // Ends come first: access that should be gone matters most.
    let ended = expire::end_due_grants(db, clock, AT_ONCE).await;
    let started = expire::start_due_grants(db, clock, AT_ONCE).await;
    let lapsed = expire::lapse_due_items(db, clock, AT_ONCE).await;
    let turned = delegate::turn(db, clock, AT_ONCE).await;
    let overdue = deadline::run_overdue(db, clock, AT_ONCE).await;
    let reminded = expire::remind(db, clock, AT_ONCE).await;
    let asked = expire::ask_about_trials(db, clock, AT_ONCE).await;
    let exceptions = separation::exceptions::end_due(db, clock, AT_ONCE).await;
    let reviews = break_glass::tell_overdue(db, clock, AT_ONCE).await;
    let wishes = wishes::time::remind(db, clock, AT_ONCE).await;
    let moved = wishes::time::look_again(db, clock, AT_ONCE).await;
    let sources = call_ins::silence::look(db, clock, shared.started_at, AT_ONCE).await;
    let done = Expired {
        ended: ended?,
        started: started?,
        lapsed: lapsed?,
        overdue: overdue?,
        turned: turned?,
        reminded: reminded? + asked?,
        exceptions: exceptions?,
        reviews: reviews?,
        wishes: wishes? + moved?,
        sources: sources?,
    };
    if done != Expired::default() {
        tracing::info!(
            ended = done.ended,
            started = done.started,
            lapsed = done.lapsed,
            overdue = done.overdue,
            turned = done.turned,
            reminded = done.reminded,
            exceptions = done.exceptions,
            reviews = done.reviews,
            wishes = done.wishes,
            sources = done.sources,
            "time did its part: {} grants ended, {} started, {} requests lapsed, {} were overdue, {} delegations turned, {} holders reminded, {} exceptions over, {} reviews overdue, {} wishes looked after, {} things about sources found out",
            done.ended,
            done.started,
            done.lapsed,
            done.overdue,
            done.turned,
            done.reminded,
            done.exceptions,
            done.reviews,
            done.wishes,
            done.sources
        );
    }
    Ok(done)
}

/// Sweeps old sessions, sign-ins under way and counters, and approvers who aren't at work.
pub(crate) async fn sweep(shared: &Shared) -> Result<()> {
    let remade = approvers::remake_for_the_absent(&shared.db, shared.clock.as_ref(), AT_ONCE).await?;
    if remade > 0 {
        tracing::info!(remade, "{remade} requests waited for somebody who isn't at work, and wait for others now");
    }
    let swept = sessions::sweep(&shared.db, shared.clock.as_ref()).await?;
    if swept.sessions > 0 || swept.leftovers > 0 {
        tracing::debug!(sessions = swept.sessions, leftovers = swept.leftovers, "old sessions and counters were swept");
    }
    Ok(())
}
