/// A number as people read it, with four digits behind the point, or in scientific
/// notation where that would show a row of zeros or of digits that mean nothing.
///
/// ```
/// assert_eq!(words::number(0.0833), "0.0833");
/// assert_eq!(words::number(281_476_571_002_516_288.0), "2.81e17");
/// assert_eq!(words::number(-1e-7), "-1.00e-7");
/// ```
pub fn number(x: f64) -> String {
    let size = x.abs();
    if size == 0.0 || (1e-3..1e5).contains(&size) || !x.is_finite() {
        format!("{x:.4}")
    } else {
        format!("{x:.2e}")
    }
}
