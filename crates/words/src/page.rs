/// The script of functions that make elements, `h` and `math`, for the scripts of pages.
pub const DOM: &str = include_str!("../assets/dom.js");

/// `page` with each of `parts` where it has the part's name in double braces, each once and
/// from left to right, so that a part's own text is never taken for a place.
///
/// # Panics
/// If the page has no such place after that of the part before.
///
/// ```
/// assert_eq!(words::fill("<b>{{a}}</b>{{b}}", &[("a", "{{b}}"), ("b", "2")]), "<b>{{b}}</b>2");
/// ```
pub fn fill(page: &str, parts: &[(&str, &str)]) -> String {
    let mut filled =
        String::with_capacity(page.len() + parts.iter().map(|p| p.1.len()).sum::<usize>());
    let mut rest = page;
    for (name, part) in parts {
        let place = format!("{{{{{name}}}}}");
        let (before, after) = rest
            .split_once(place.as_str())
            .unwrap_or_else(|| panic!("the page has no place for {name} here"));
        filled += before;
        filled += part;
        rest = after;
    }
    filled + rest
}
