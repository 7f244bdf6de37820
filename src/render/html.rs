//! Card as a page: one whole HTML5 document, for reading, printing and sharing.
//!
//! Why no script and one inline [`STYLE`]: the page stands alone as a file, and a strict Content-Security-Policy needs only the
//! hash of that constant (`style-src 'sha256-...'`). Everything from outside goes through maud, which escapes it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::outside::{clean, together};
use super::{small_print, spark, svg};
use crate::domain::card::{Card, Figure, Line, Part, Place, Span, Table, Tone};
use crate::domain::chart::{Chart, Kind, Spark};

/// The page's only style, inline in `style`. Light and dark by the reader's system; black on white in print.
pub const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d1c1d;--soft:#5c5a5e;--line:#dcdadf;--page:#ffffff;--card:#f7f6f8;--good:#0b6b3a;--bad:#a8201a;\
--s0:#2f5fc4;--s1:#ad5b00;--s2:#00664a;--s3:#241d38;--s4:#8a5f85;--s5:#5b3a06}\
@media(prefers-color-scheme:dark){:root{--ink:#ececee;--soft:#a9a7ad;--line:#3a393e;--page:#1a1a1d;--card:#232327;--good:#6fd39b;--bad:#ff9b91;\
--s0:#8fb0ff;--s1:#f28c3f;--s2:#35d0b0;--s3:#f3f0f7;--s4:#b58ab5;--s5:#ecdc7a}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
main,header,footer{max-width:64rem;margin:0 auto;padding:0 1.5rem}\
header{padding-top:2.5rem}h1{font-size:1.05rem;font-weight:600;color:var(--soft);margin:0}\
.verdict{font-size:1.45rem;line-height:1.35;font-weight:600;margin:.4rem 0 0;text-wrap:pretty}\
h2{font-size:1.1rem;margin:2rem 0 .5rem}\
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(17rem,100%),1fr));gap:1rem;padding:0;margin:1.75rem 0;list-style:none}\
.figures li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;break-inside:avoid}\
.figures h2{font-size:.95rem;font-weight:600;margin:0;color:var(--soft)}\
.value{font-size:1.7rem;font-weight:650;line-height:1.25;margin:.1rem 0;font-variant-numeric:tabular-nums}\
.figures p{margin:.15rem 0}.detail,.band{color:var(--soft);font-size:.9rem}\
.good{color:var(--good)}.bad{color:var(--bad)}\
svg{display:block;font-variant-numeric:tabular-nums}.figures svg{width:100%;height:3rem;margin:.6rem 0;overflow:visible}\
figure{margin:2.25rem 0;overflow-x:auto;break-inside:avoid}figure svg{width:100%;min-width:34rem;max-width:44rem;height:auto}\
.small{max-width:17rem}.small svg{min-width:0;height:3rem;overflow:visible}figcaption{font-weight:600;margin-bottom:.4rem}\
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:1rem 0;font-variant-numeric:tabular-nums}\
th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400;overflow-wrap:break-word}\
thead th{font-size:.85rem;color:var(--soft);font-weight:600}.number{text-align:right;white-space:nowrap}.short{white-space:nowrap}\
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;background:var(--card);border-radius:.25rem;padding:.05em .3em}\
hr{border:0;border-top:1px solid var(--line);margin:2rem 0}\
footer{color:var(--soft);font-size:.85rem;padding-bottom:3rem;margin-top:2rem}footer p{margin:.2rem 0}\
:focus-visible{outline:2px solid var(--s0);outline-offset:2px}\
@media(max-width:34rem){main,header,footer{padding:0 1rem}th,td{padding-right:.5rem}.number,.short{white-space:normal}\
table{font-size:.85rem}}\
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#999;--page:#fff;--card:#fff;--good:#000;--bad:#000;\
--s0:#2f5fc4;--s1:#ad5b00;--s2:#00664a;--s3:#241d38;--s4:#8a5f85;--s5:#5b3a06}\
body{font-size:11pt}header{padding-top:0}main,header,footer{max-width:none;padding:0}thead{display:table-header-group}tr{break-inside:avoid}.scroll{overflow:visible}}";

/// The whole document.
pub fn page(card: &Card) -> String {
    let small = small_print::lines(card);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (clean(&card.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (clean(&card.title)) }
                    @if !card.verdict.is_empty() { p.verdict { (spans(&card.verdict)) } }
                }
                main { @for (at, item) in card.parts_in(Place::Page).into_iter().enumerate() { (part(at, item)) } }
                @if !small.is_empty() { footer aria-label="Notes and sources" { @for line in &small { p { (spans(line)) } } } }
            }
        }
    }
    .into_string()
}

fn spans(line: &Line) -> Markup {
    html! {
        @for span in &line.0 {
            @match span {
                Span::Plain(text) => (together(text)),
                Span::Strong(text) => strong { (together(text)) },
                Span::Code(text) => code { (clean(text)) },
                Span::Link(text, web) => a href=(web.as_str()) rel="noopener noreferrer" { (together(text)) },
                Span::Mention(id) => (clean(id)),
            }
        }
    }
}

fn part(at: usize, part: &Part) -> Markup {
    match part {
        Part::Text(line) | Part::Beside(line, _) => html! { p { (spans(line)) } },
        Part::Heading(text) => html! { h2 { (together(text)) } },
        Part::Figures(figures) => html! {
            ul.figures aria-label="Figures" { @for (n, one) in figures.iter().enumerate() { (figure(&format!("f{at}-{n}"), one)) } }
        },
        Part::Table(rows) => table(rows),
        Part::List(lines, _) => html! { ul { @for line in lines { li { (spans(line)) } } } },
        Part::Buttons(_) | Part::Only(..) => html! {},
        Part::Divider => html! { hr; },
        Part::Chart(chart) if matches!(chart.kind, Kind::Spark(_)) => html! {
            figure.small { figcaption { (together(&chart.title)) } (PreEscaped(svg::inline(chart, &format!("c{at}")))) }
        },
        Part::Chart(chart) => {
            html! { figure tabindex="0" aria-label=(clean(&chart.title)) { (PreEscaped(svg::inline(chart, &format!("c{at}")))) } }
        }
    }
}

fn figure(id: &str, figure: &Figure) -> Markup {
    html! {
        li {
            h2 { (together(&figure.name)) }
            p.value { (together(&figure.value)) }
            @if let Some((tone, words)) = &figure.change { p class=(class(*tone)) { (together(words)) } }
            (sparkline(id, figure))
            @if let Some((tone, words)) = &figure.target { p class=(class(*tone)) { (symbol(*tone)) " " (together(words)) } }
            @if let Some(band) = &figure.band { p.band { (together(band)) } }
            @if !figure.detail.is_empty() { p.detail { (together(&figure.detail)) } }
        }
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Neutral => "neutral",
    }
}

/// Beside a word that says the same.
pub(super) fn symbol(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        Tone::Neutral => "–",
    }
}

/// The figure's weeks, drawn small.
fn sparkline(id: &str, figure: &Figure) -> Markup {
    if spark::top(spark::recent(&figure.spark)).is_none() {
        return html! {};
    }
    let weeks = spark::recent(&figure.spark);
    let known = weeks.iter().flatten().filter(|x| x.is_finite()).count();
    let said = format!("{} weeks, {known} with data. From zero, oldest first: {}", weeks.len(), spark::line(weeks));
    let chart = Chart::new(format!("{} by week", figure.name), Spark::new("", figure.spark.clone())).saying(said);
    html! { (PreEscaped(svg::inline(&chart, id))) }
}

fn table(table: &Table) -> Markup {
    // A short cell (a hash, a date) stays on one line; only text wraps.
    let kind = |column: usize, cell: &str| match table.numeric.get(column) {
        Some(true) => "number",
        _ if cell.chars().count() <= 14 => "short",
        _ => "word",
    };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Table" {
            table {
                thead { tr { @for (column, head) in table.columns.iter().enumerate() { th scope="col" class=(kind(column, head)) { (clean(head)) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" class=(kind(0, cell)) { (clean(cell)) } }
                                @else { td class=(kind(column, cell)) { (clean(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn dora_is_one_whole_page() {
        insta::assert_snapshot!(page(&samples::dora()).replace(STYLE, "STYLE"));
    }

    #[test]
    fn outside_text_is_text() {
        let card = Card { title: "<script>alert(1)</script>".into(), verdict: Line::plain("\"><img onerror=x>"), ..Card::default() };
        let page = page(&card);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(!super::page(&samples::extreme_of(5, 5, 5, 500)).contains("<!channel"));
    }

    #[test]
    fn colour_never_stands_alone() {
        let page = page(&samples::dora());
        assert!(page.contains("✓ target") && page.contains("better</p>"));
        assert!(!page.contains("style=\""), "inline style attributes break a strict policy");
    }
}
