use datasets::Dataset;
use meta::{EpisodeRecord, Summariser, Summary, Training};
use toml::Table;

use crate::{Config, MetricsWriter, RunDir, RunError};

/// Carries out a configuration in a directory, which is to be empty, and returns what
/// came out. `watch` sees each record, ordered by episode and then trial.
///
/// # Errors
/// If the configuration does not fit the data, or the directory cannot be written.
pub fn run(
    config: &Config,
    data: &Dataset,
    dir: &RunDir,
    mut watch: impl FnMut(&EpisodeRecord) + Send,
) -> Result<Summary, RunError> {
    let settings = &config.settings;
    let mut training = Training::new(settings, data, config.threads)
        .map_err(|error| RunError::Input(error.to_string()))?;
    dir.write(
        "config.toml",
        config.to_toml(data, provenance(data)).as_bytes(),
    )?;
    let mut metrics = MetricsWriter::create(&dir.path().join("metrics.csv"), settings)?;
    let mut summariser = Summariser::new(settings);
    training.run(|record| {
        metrics.add(&record)?;
        summariser.add(&record);
        watch(&record);
        Ok::<(), RunError>(())
    })?;
    metrics.finish()?;
    let summary = summariser.finish();
    let json = serde_json::to_string_pretty(&summary).expect("a summary is plain data");
    dir.write("summary.json", format!("{json}\n").as_bytes())?;
    Ok(summary)
}

/// How a run was made, for config.toml.
fn provenance(data: &Dataset) -> Table {
    let mut record = Table::new();
    record.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    record.insert("data_origin".to_owned(), data.origin().into());
    record.insert("data_checksum_md5".to_owned(), data.checksum().into());
    record.insert("data_synthetic".to_owned(), data.is_synthetic().into());
    record
}
