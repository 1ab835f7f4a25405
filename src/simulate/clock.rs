//! Virtual time: a wait of a day takes no time.
//!
//! The interpreter is written as `async` code in which only [`Clock::sleep`] ever waits. [`Clock::block_on`] runs everything that can run,
//! then moves the time to the earliest sleeper and goes on, so branches that run side by side are interleaved as their waits say,
//! and in the order of their start where those say nothing. One thread, no clock of the machine: the same run each time.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Milliseconds since the Unix epoch, or between two points in time.
pub type Millis = u64;

/// The time of one run. Clones show the same time.
#[derive(Clone, Default)]
pub struct Clock {
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    now: Cell<Millis>,
    started: Cell<u64>,
    /// By time, then by the order of their start.
    sleepers: RefCell<BTreeMap<(Millis, u64), Waker>>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock {
    #[must_use]
    pub fn starting_at(now: Millis) -> Self {
        let clock = Self::default();
        clock.state.now.set(now);
        clock
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        self.state.now.get()
    }

    /// Waits in virtual time.
    #[must_use]
    pub fn sleep(&self, duration: Millis) -> Sleep {
        let order = self.state.started.get();
        self.state.started.set(order + 1);
        Sleep { clock: self.clone(), key: (self.now().saturating_add(duration), order) }
    }

    /// Runs a future to its end. `None` when it waits for something other than time, which nothing in the interpreter does.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                    return Some(value);
                }
            }
            let ((time, _), sleeper) = self.state.sleepers.borrow_mut().pop_first()?;
            self.state.now.set(time.max(self.now()));
            sleeper.wake();
        }
    }
}

/// See [`Clock::sleep`]. Dropped before its time, it wakes nobody.
pub struct Sleep {
    clock: Clock,
    key: (Millis, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = self.clock.state.sleepers.borrow_mut();
        if self.clock.now() >= self.key.0 {
            sleepers.remove(&self.key);
            return Poll::Ready(());
        }
        sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.state.sleepers.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    #[test]
    fn sleepers_wake_by_time_then_by_start() {
        let clock = Clock::starting_at(0);
        let said = RefCell::new(Vec::new());
        let speak = |name: &'static str, after: &'static [Millis]| {
            let (clock, said) = (&clock, &said);
            async move {
                for &duration in after {
                    clock.sleep(duration).await;
                    said.borrow_mut().push((clock.now(), name));
                }
            }
        };
        let day = 86_400_000;
        clock.block_on(join_all([speak("a", &[10, 10]), speak("b", &[10]), speak("c", &[5, 86_400_000])])).expect("an end");
        assert_eq!(*said.borrow(), [(5, "c"), (10, "a"), (10, "b"), (20, "a"), (5 + day, "c")]);
    }

    #[test]
    fn a_dropped_sleeper_moves_no_time() {
        let clock = Clock::starting_at(0);
        clock
            .block_on(async {
                drop(clock.sleep(1000));
                clock.sleep(1).await;
            })
            .expect("an end");
        assert_eq!(clock.now(), 1);
        assert!(clock.state.sleepers.borrow().is_empty());
    }
}
