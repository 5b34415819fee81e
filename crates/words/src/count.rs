/// A number of things, as in "1 trial" and "20 trials".
///
/// ```
/// assert_eq!(words::count(1, "trial"), "1 trial");
/// assert_eq!(words::count(20, "trial"), "20 trials");
/// assert_eq!(words::count(47, "class"), "47 classes");
/// ```
pub fn count(number: u64, thing: &str) -> String {
    let plural = match number {
        1 => "",
        _ if thing.ends_with('s') => "es",
        _ => "s",
    };
    format!("{number} {thing}{plural}")
}
