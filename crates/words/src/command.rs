/// A command to type into a shell, of words that may hold anything: those that a shell
/// would take apart or read in its own way are quoted.
///
/// ```
/// let words = ["metaplast", "resume", "my run"];
/// assert_eq!(words::command(words), "metaplast resume 'my run'");
/// ```
pub fn command<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let quoted = words.into_iter().map(|word| quote(word.as_ref()));
    quoted.collect::<Vec<String>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_would_change_it() {
        for (word, wanted) in [
            ("runs/bio-glyphs-1", "runs/bio-glyphs-1"),
            ("Регель", "Регель"),
            ("my run", "'my run'"),
            ("it's", r"'it'\''s'"),
            ("~/x", "'~/x'"),
            ("$HOME", "'$HOME'"),
            ("a;b", "'a;b'"),
            ("", "''"),
        ] {
            assert_eq!(command([word]), wanted);
        }
    }
}
