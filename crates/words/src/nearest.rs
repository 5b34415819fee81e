/// The one of `known` that somebody who wrote `name` may have meant: the same but for
/// capital letters, one of whose words it is the first, one that differs by a letter in
/// three to five, two in six to eight, and so on, or one that begins with it. None if none
/// is near.
///
/// ```
/// let known = ["episodes", "eta", "K"];
/// assert_eq!(words::nearest("episods", known), Some("episodes"));
/// assert_eq!(words::nearest("zzzzzz", known), None);
/// ```
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (asked, length) = (name.to_lowercase(), name.chars().count());
    let far = |known: &str| {
        let known = known.to_lowercase();
        match strsim::damerau_levenshtein(&known, &asked) {
            0 => Some(0),
            _ if length >= 3 && known.starts_with(&format!("{asked}-")) => Some(1),
            distance if distance <= length / 3 => Some(2 * distance),
            _ if length >= 3 && known.starts_with(&asked) => Some(length),
            _ => None,
        }
    };
    let near = known.into_iter().filter_map(|k| Some((far(k)?, k)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, k)| k)
}

/// "; did you mean 'episodes'?" where something of `known` is near, else nothing: to be
/// put behind a message about `name`.
pub fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(name, known).map_or_else(String::new, |k| format!("; did you mean '{k}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = [
            "sizes",
            "bp",
            "bio",
            "episodes",
            "K",
            "optimiser",
            "mnist",
            "emnist-balanced",
        ];
        for (name, wanted) in [
            ("zzzzzz", None),
            ("x", None),
            ("p", None),
            ("k", Some("K")),
            ("BIO", Some("bio")),
            ("biio", Some("bio")),
            ("size", Some("sizes")),
            ("optim", Some("optimiser")),
            ("optimizer", Some("optimiser")),
            ("emnist", Some("emnist-balanced")),
            ("minst", Some("mnist")),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), wanted, "{name}");
        }
    }
}
