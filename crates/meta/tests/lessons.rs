//! The lessons in `examples` print what they say.

#[path = "../../../tests/support/lessons.rs"]
mod lessons;

#[test]
fn lessons_6_to_8_print_what_they_say() {
    lessons::run(env!("CARGO_MANIFEST_DIR"), 3);
}
