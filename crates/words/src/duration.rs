/// A number of seconds as people say it, with two digits or so: "3.1 s", "42 s",
/// "3 min 20 s", "2 h 5 min", "39 h", "12 days".
///
/// ```
/// assert_eq!(words::duration(141_149.0), "39 h");
/// ```
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "an unknown time".to_owned();
    }
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes) = (whole / 3600, whole / 60);
    match (hours, minutes) {
        (0, 0) if seconds < 9.95 => format!("{:.1} s", seconds.max(0.0)),
        (0, 0) => format!("{whole} s"),
        (0, minutes @ ..10) => format!("{minutes} min {} s", whole % 60),
        (0, _) => format!("{} min", (whole + 30) / 60),
        (hours @ ..10, minutes) => format!("{hours} h {} min", minutes % 60),
        (..72, minutes) => format!("{} h", (minutes + 30) / 60),
        _ => format!("{} days", (hours + 12) / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_as_people_say_it() {
        for (seconds, wanted) in [
            (0.0, "0.0 s"),
            (3.12, "3.1 s"),
            (9.97, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min 0 s"),
            (200.0, "3 min 20 s"),
            (1_199.0, "20 min"),
            (3_599.6, "1 h 0 min"),
            (7_300.0, "2 h 1 min"),
            (141_149.0, "39 h"),
            (1_000_000.0, "12 days"),
            (f64::INFINITY, "an unknown time"),
        ] {
            assert_eq!(duration(seconds), wanted);
        }
    }
}
