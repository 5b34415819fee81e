//! The lessons in `examples` print what they say.

#[path = "../../../tests/support/lessons.rs"]
mod lessons;

#[test]
fn lessons_of_this_crate_print_what_they_say() {
    lessons::run(env!("CARGO_MANIFEST_DIR"), 11);
}
