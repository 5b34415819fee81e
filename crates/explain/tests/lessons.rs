//! The lesson in `examples` prints what it says.

#[path = "../../../tests/support/lessons.rs"]
mod lessons;

#[test]
fn lesson_9_prints_what_it_says() {
    lessons::run(env!("CARGO_MANIFEST_DIR"), 1);
}
