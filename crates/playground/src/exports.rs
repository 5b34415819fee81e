//! What the WebAssembly module exports. A request is written to where [`place`] says;
//! [`respond`] answers it and says how long the answer is, which lies at [`reply`].
//!
//! Nothing here dereferences a pointer: the page reads and writes the module's memory from
//! outside. Only to export a name takes leave to.
#![allow(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Desk;

struct Counter {
    desk: Option<Desk>,
    request: Vec<u8>,
    reply: String,
}

static COUNTER: Mutex<Counter> = Mutex::new(Counter {
    desk: None,
    request: Vec::new(),
    reply: String::new(),
});

fn counter() -> MutexGuard<'static, Counter> {
    COUNTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a request of so many bytes of UTF-8, and says where.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn place(bytes: usize) -> *mut u8 {
    let mut counter = counter();
    counter.request.clear();
    counter.request.resize(bytes, b' ');
    counter.request.as_mut_ptr()
}

/// Answers the request, and says how many bytes of UTF-8 the answer has.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn respond() -> usize {
    let mut counter = counter();
    let request = String::from_utf8_lossy(&counter.request).into_owned();
    let reply = counter.desk.get_or_insert_default().answer(&request);
    counter.reply = reply;
    counter.reply.len()
}

/// Where the answer lies.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn reply() -> *const u8 {
    counter().reply.as_ptr()
}
