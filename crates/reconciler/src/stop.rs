//! Asking the loops to end: they finish the call that they are in, save what came of it, and give their leases back.

use tokio::sync::watch;

/// Tells the loops to end; dropping it does so too.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears of it.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A connected pair.
#[must_use]
pub fn stop() -> (Stopper, Stop) {
    let (tell, hear) = watch::channel(false);
    (Stopper(tell), Stop(hear))
}

impl Stopper {
    /// Tells the loops to end.
    pub fn stop(&self) {
        // Nobody listening means that they have ended.
        let _ = self.0.send(true);
    }
}

impl Stop {
    /// Whether it is time to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is time to end.
    pub async fn wait(&self) {
        let mut hear = self.0.clone();
        // An error means that the stopper was dropped.
        let _ = hear.wait_for(|stop| *stop).await;
    }
}
