//! How a download tells how far it is.

/// Told of a download's progress; `()` ignores it.
pub trait Progress {
    /// A download begins: what it is called, how many bytes are there already from an earlier
    /// attempt, and how many there will be, if the server says.
    fn begin(&mut self, what: &str, already: u64, total: Option<u64>);
    /// So many more bytes have come.
    fn advance(&mut self, bytes: u64);
    /// A line that the user should know of, such as which proxy is used.
    fn note(&mut self, line: &str);
    /// The download that began last has ended, well or badly.
    fn end(&mut self);
}

impl Progress for () {
    fn begin(&mut self, _: &str, _: u64, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
    fn note(&mut self, _: &str) {}
    fn end(&mut self) {}
}
