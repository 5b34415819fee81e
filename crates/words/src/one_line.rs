/// A message on one line, even where a file's name has line breaks in it, and without the
/// system's numbers of its errors, which say nothing that their text does not.
///
/// ```
/// assert_eq!(words::one_line("a\n\n  b:\r\nc (os error 2)\n"), "a; b: c");
/// ```
pub fn one_line(message: &str) -> String {
    let lines = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join("; ");
    // What ends in a colon announces the next line.
    without_numbers(&joined.replace(":; ", ": "))
}

fn without_numbers(message: &str) -> String {
    let mut parts = message.split(" (os error ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.parse::<i32>().is_ok() => text += rest,
            _ => text.extend([" (os error ", part]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn the_systems_numbers_of_errors_are_left_out() {
        let message = "a: gone (os error 2); b (os error x)";
        assert_eq!(one_line(message), "a: gone; b (os error x)");
    }
}
