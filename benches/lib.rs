//! Benchmarks of Metaplast, in the files beside this one:
//! `cargo bench --manifest-path benches/Cargo.toml --bench episodes`.
