//! Reports as one self-contained HTML page that opens offline, and gives the numbers of its
//! figures as CSV without any file beside it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::draw::{self, HEIGHT, WIDTH};
use crate::figure::{Figure, Panel};
use crate::palette::Colour;
use crate::table::Table;

mod readout;
mod setting;

pub use setting::Setting;

/// A page, from top to bottom.
#[derive(Debug)]
pub struct Page<'a> {
    /// Its heading.
    pub title: String,
    /// What was done to come by it, beneath.
    pub lead: String,
    /// What to bear in mind throughout.
    pub badges: Vec<String>,
    /// What stands before the figures.
    pub sections: Vec<Section>,
    /// The figures.
    pub figures: &'a [Figure],
    /// The tables.
    pub tables: Vec<&'a Table>,
    /// The configurations.
    pub settings: &'a [Setting],
}

/// A part of a page that is neither figure nor table.
#[derive(Debug)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What follows the heading.
    pub body: Markup,
}

impl Page<'_> {
    /// The whole page.
    pub fn to_html(&self) -> String {
        let style = include_str!("page.css").to_owned() + &palette();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – Metaplast" }
                    style { (PreEscaped(style)) }
                }
                body {
                    header {
                        p.brand { "Metaplast" }
                        h1 { (self.title) }
                        p.lead {
                            (self.lead)
                            @for badge in &self.badges { " " span.badge { (badge) } }
                        }
                        (self.contents())
                    }
                    main {
                        @for section in &self.sections {
                            section id=(section.id) { h2 { (section.title) } (section.body) }
                        }
                        @for figure in self.figures { (self.figure(figure)) }
                        @for table in &self.tables { (self.table(table)) }
                        (self.settings())
                    }
                    script type="application/json" id="readout" {
                        (PreEscaped(readout::json(self.figures)))
                    }
                    script { (PreEscaped(include_str!("page.js"))) }
                }
            }
        };
        page.into_string()
    }

    fn contents(&self) -> Markup {
        html! {
            nav aria-label="Contents" {
                @for section in &self.sections { a href={ "#" (section.id) } { (section.title) } }
                @for figure in self.figures { a href={ "#" (figure.id) } { (figure.id) } }
                @for table in &self.tables { a href={ "#" (table.id) } { (table.id) } }
                a href="#settings" { "Settings" }
            }
        }
    }

    fn figure(&self, figure: &Figure) -> Markup {
        html! {
            section id=(figure.id) {
                h2 { (figure.title) " " span.id { (figure.id) } }
                div.panels {
                    @for (i, panel) in figure.panels.iter().enumerate() {
                        (panel_figure(figure, i, panel))
                    }
                }
                p.caption { (figure.caption) }
            }
        }
    }

    fn table(&self, table: &Table) -> Markup {
        let class = |column: usize| (column > 0 && table.has_numbers(column)).then_some("number");
        html! {
            section id=(table.id) {
                h2 { (table.title) " " span.id { (table.id) } }
                div.scroll {
                    table.numbers {
                        thead { tr { @for (i, cell) in table.header.iter().enumerate() {
                            th scope="col" class=[class(i)] { (cell) }
                        } } }
                        tbody {
                            @for cells in &table.rows {
                                tr {
                                    @for (i, cell) in cells.iter().enumerate() {
                                        @if i == 0 { th scope="row" { (cell) } } @else { td class=[class(i)] { (cell) } }
                                    }
                                }
                            }
                        }
                    }
                }
                p.caption { (table.caption) }
            }
        }
    }

    fn settings(&self) -> Markup {
        html! {
            section id="settings" {
                h2 { "Settings" }
                @for setting in self.settings {
                    details {
                        summary { (setting.name) }
                        pre { (setting.text) }
                    }
                }
            }
        }
    }
}

fn panel_figure(figure: &Figure, i: usize, panel: &Panel) -> Markup {
    let id = format!("{}-{i}", figure.id);
    let names: Vec<&str> = panel.series.iter().map(|s| s.name.as_str()).collect();
    let help = format!(
        "{}: {} by {}, of {}. Arrow keys read out values.",
        panel.title,
        panel.y.label,
        panel.x.label,
        names.join(", ")
    );
    html! {
        figure.panel id=(id) {
            figcaption { (panel.title) }
            svg viewBox={ "0 24 " (WIDTH) " " (HEIGHT - 24.0) } role="img" tabindex="0" aria-label=(help) {
                (draw::panel(panel, &id, false))
            }
            div.tip hidden {}
            output.sr aria-live="polite" {}
        }
    }
}

/// The palette as style sheet, for both kinds of paper.
fn palette() -> String {
    let mut light = String::from(":root{");
    let mut dark = String::from("@media (prefers-color-scheme:dark){:root{");
    let mut rules = String::new();
    for colour in Colour::all() {
        let class = colour.class();
        light.push_str(&format!("--{class}:{};", colour.light()));
        dark.push_str(&format!("--{class}:{};", colour.dark()));
        rules.push_str(&format!(
            ".line.{class}{{stroke:var(--{class})}}.band.{class}{{fill:var(--{class})}}"
        ));
    }
    format!("{light}}}{dark}}}}}{rules}")
}
