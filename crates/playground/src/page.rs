//! The page put together from its parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The engine, compiled by `build.sh` and compressed.
const MODULE: &[u8] = include_bytes!("../assets/engine.wasm.gz");
const PAGE: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/page.css");
/// What runs beside the page, where the engine does.
const WORKER: &str = include_str!("../assets/worker.js");
/// In the order in which they use each other.
const SCRIPTS: [&str; 10] = [
    words::DOM,
    include_str!("../assets/engine.js"),
    include_str!("../assets/state.js"),
    include_str!("../assets/charts.js"),
    include_str!("../assets/network.js"),
    include_str!("../assets/rule.js"),
    include_str!("../assets/learn.js"),
    include_str!("../assets/pad.js"),
    include_str!("../assets/lessons.js"),
    include_str!("../assets/main.js"),
];

/// The page: HTML that opens offline.
pub fn page() -> String {
    let parts = [
        ("style", STYLE),
        ("engine", &STANDARD.encode(MODULE)),
        ("worker", WORKER),
        ("script", &SCRIPTS.join("\n")),
    ];
    words::fill(PAGE, &parts)
}

/// The compiled engine, a gzip of a WebAssembly module.
pub fn module() -> &'static [u8] {
    MODULE
}
