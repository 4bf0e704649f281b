//! Running a duty again and again: by signal, by period, and through whatever goes wrong.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::BoxFuture};

use crate::{Result, Stop};

/// The longest pause after failures in a row.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A period spread by up to a quarter, so that workers that started together don't stay together.
fn spread(period: Duration) -> Duration {
    period.mul_f64(rand::random_range(0.875..1.125))
}

/// Runs `pass` now, then whenever `signal` fires or the period is over, until it is time to stop. A pass that tells that
/// there is more to do is followed by the next one at once. A failure or a panic is logged, and followed by a pause that
/// grows.
pub(crate) async fn run(
    name: &'static str,
    period: Duration,
    stop: &Stop,
    signal: impl Fn() -> BoxFuture<'static, ()>,
    pass: impl Fn() -> BoxFuture<'static, Result<bool>>,
) {
    let mut failures = 0_u32;
    while !stop.is_set() {
        let outcome = AssertUnwindSafe(pass()).catch_unwind().await;
        let pause = match outcome {
            Ok(Ok(more)) => {
                failures = 0;
                if more {
                    tokio::task::yield_now().await;
                    continue;
                }
                spread(period)
            }
            Ok(Err(error)) => {
                failures += 1;
                tracing::error!(duty = name, %error, "the duty {name} failed and is tried again: {error}");
                after_failures(failures)
            }
            Err(_) => {
                failures += 1;
                // The panic's own message and place were printed by the panic hook.
                tracing::error!(
                    duty = name,
                    "the duty {name} panicked and is started again; this is a bug of Latchkey"
                );
                after_failures(failures)
            }
        };
        if failures > 0 {
            tokio::select! { () = stop.wait() => {}, () = tokio::time::sleep(pause) => {} }
        } else {
            tokio::select! { () = stop.wait() => {}, () = signal() => {}, () = tokio::time::sleep(pause) => {} }
        }
    }
}

/// One second, doubled by each failure in a row.
fn after_failures(failures: u32) -> Duration {
    spread(Duration::from_secs(1 << failures.saturating_sub(1).min(5))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use latchkey_service::ServiceError;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_duty_survives_failures_and_panics_and_ends_when_told() {
        let (stopper, stop) = crate::stop();
        let (stopper, passes) = (Arc::new(stopper), Arc::new(AtomicU32::new(0)));
        let signal = || std::future::pending().boxed();
        let pass = || {
            let (stopper, passes) = (stopper.clone(), passes.clone());
            async move {
                match passes.fetch_add(1, Ordering::SeqCst) {
                    0 => Err(ServiceError::NotFound),
                    1 => panic!("on purpose"),
                    2 => Ok(true),
                    3 => Ok(false),
                    _ => {
                        stopper.stop();
                        Ok(false)
                    }
                }
            }
            .boxed()
        };
        tokio::time::timeout(Duration::from_secs(60), run("test", Duration::from_secs(1), &stop, signal, pass))
            .await
            .unwrap();
        assert_eq!(passes.load(Ordering::SeqCst), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_comes_before_the_period() {
        let (stopper, stop) = crate::stop();
        let (stopper, passes) = (Arc::new(stopper), Arc::new(AtomicU32::new(0)));
        let given = Arc::new(tokio::sync::Notify::new());
        let began = tokio::time::Instant::now();
        let signal = || given.clone().notified_owned().boxed();
        let pass = || {
            let (stopper, passes) = (stopper.clone(), passes.clone());
            async move {
                if passes.fetch_add(1, Ordering::SeqCst) == 1 {
                    stopper.stop();
                }
                Ok(false)
            }
            .boxed()
        };
        given.notify_one();
        run("test", Duration::from_secs(3600), &stop, signal, pass).await;
        assert_eq!(passes.load(Ordering::SeqCst), 2);
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn pauses_after_failures_stay_bounded() {
        assert!(after_failures(1) < Duration::from_secs(2));
        assert!(after_failures(u32::MAX) <= LONGEST_PAUSE);
    }
}
