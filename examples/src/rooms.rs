//! Who is in which room, and telling all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

/// The living rooms. `M` is a message that is cheap to clone.
pub(crate) struct Rooms<M> {
    members: Arc<Mutex<Members<M>>>,
}

struct Members<M> {
    next: u64,
    rooms: HashMap<String, HashMap<u64, mpsc::Sender<M>>>,
}

/// A place in a room; dropping it leaves the room.
pub(crate) struct Seat<M> {
    members: Arc<Mutex<Members<M>>>,
    room: String,
    id: u64,
    heard: mpsc::Receiver<M>,
}

/// Messages that may wait for one member. A member that falls behind further loses its seat, so that a slow reader
/// costs a bounded amount of memory and holds up nobody.
const WAITING: usize = 256;

impl<M> Clone for Rooms<M> {
    fn clone(&self) -> Self {
        Rooms { members: Arc::clone(&self.members) }
    }
}

impl<M: Clone> Rooms<M> {
    pub(crate) fn new() -> Rooms<M> {
        Rooms { members: Arc::new(Mutex::new(Members { next: 0, rooms: HashMap::new() })) }
    }

    /// Takes a seat, and tells how many are in the room then.
    pub(crate) fn join(&self, room: &str) -> (Seat<M>, usize) {
        let (tell, heard) = mpsc::channel(WAITING);
        let mut members = lock(&self.members);
        members.next += 1;
        let id = members.next;
        let seats = members.rooms.entry(room.to_owned()).or_default();
        seats.insert(id, tell);
        let count = seats.len();
        (Seat { members: Arc::clone(&self.members), room: room.to_owned(), id, heard }, count)
    }

    /// Tells everyone in a room; what has to be made once for all is made only if someone is there.
    pub(crate) fn tell(&self, room: &str, message: impl FnOnce() -> M) {
        let mut members = lock(&self.members);
        let Some(seats) = members.rooms.get_mut(room) else { return };
        let message = message();
        seats.retain(|_, seat| seat.try_send(message.clone()).is_ok());
        if seats.is_empty() {
            members.rooms.remove(room);
        }
    }
}

impl<M> Seat<M> {
    /// The next message; `None` when this member fell behind and was put out of the room. Cancel safe.
    pub(crate) async fn hear(&mut self) -> Option<M> {
        self.heard.recv().await
    }
}

impl<M> Drop for Seat<M> {
    fn drop(&mut self) {
        let mut members = lock(&self.members);
        if let Some(seats) = members.rooms.get_mut(&self.room) {
            seats.remove(&self.id);
            if seats.is_empty() {
                members.rooms.remove(&self.room);
            }
        }
    }
}

fn lock<M>(members: &Mutex<Members<M>>) -> std::sync::MutexGuard<'_, Members<M>> {
    // Every change under the lock is whole, so a panic elsewhere leaves the map usable.
    members.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_reaches_each_member_of_its_room_once() {
        let rooms = Rooms::new();
        let (mut a, n) = rooms.join("lobby");
        let (mut b, m) = rooms.join("lobby");
        let (mut c, _) = rooms.join("users");
        assert_eq!((n, m), (1, 2));
        rooms.tell("lobby", || 1);
        rooms.tell("nobody", || panic!("made for nobody"));
        rooms.tell("users", || 2);
        assert_eq!((a.hear().await, b.hear().await, c.hear().await), (Some(1), Some(1), Some(2)));
        drop(b);
        assert_eq!(rooms.join("lobby").1, 2);
        drop((a, c));
        assert!(lock(&rooms.members).rooms.is_empty());
    }

    #[tokio::test]
    async fn a_member_that_falls_behind_is_put_out() {
        let rooms = Rooms::new();
        let (mut slow, _) = rooms.join("lobby");
        for n in 0..=WAITING {
            rooms.tell("lobby", || n);
        }
        for n in 0..WAITING {
            assert_eq!(slow.hear().await, Some(n));
        }
        assert_eq!(slow.hear().await, None);
        assert!(lock(&rooms.members).rooms.is_empty());
    }
}
