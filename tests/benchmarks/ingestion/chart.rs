//! The figures as bars.

use std::fmt::Write;

use crate::comparisons::Results;
use crate::measure::{Role, Series};

const WIDTH: f64 = 800.0;
/// Where bars begin; names stand before.
const LEFT: f64 = 330.0;
const LONGEST_BAR: f64 = 360.0;
const BAR: f64 = 18.0;
const ROW: f64 = 26.0;

/// It brings its own background, so that it is readable on any page; dark where the reader has that.
const STYLE: &str = "\
    svg { font: 13px system-ui, sans-serif; } \
    .page { fill: #ffffff; } text { fill: #1f2328; } .title { font-weight: 600; } .quiet { fill: #59636e; } \
    .ours { fill: #0969da; } .other { fill: #afb8c1; } \
    @media (prefers-color-scheme: dark) { \
    .page { fill: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9198a1; } \
    .ours { fill: #4493f8; } .other { fill: #57606a; } }";

/// An SVG of three groups of bars. The vendor's client has a scale of its own, since the others would not be seen
/// beside it.
pub(crate) fn draw(results: &Results) -> String {
    let prebuilt: Vec<&Series> = results.prebuilt.iter().filter(|series| series.role != Role::Control).collect();
    let constructed: Vec<&Series> = results.constructed.iter().collect();
    let longest = prebuilt.iter().chain(&constructed).map(|series| series.cpu().median).fold(0.0, f64::max);

    let mut chart = Chart { body: String::new(), y: 30.0 };
    chart.title("CPU time per event, in nanoseconds; less is better");
    chart.group("Events that are there", &prebuilt, longest);
    chart.group("Events that are made of records", &constructed, longest);
    if let Ok(series) = &results.vendor {
        let series: Vec<&Series> = series.iter().collect();
        let longest = series.iter().map(|series| series.cpu().median).fold(0.0, f64::max);
        chart.group("The same, beside the vendor's client, at another scale", &series, longest);
    }
    let height = chart.y;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"CPU time per event of each way to ingest\">\n\
         <style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n{}</svg>\n",
        chart.body
    )
}

struct Chart {
    body: String,
    y: f64,
}

impl Chart {
    fn title(&mut self, text: &str) {
        let _ = writeln!(self.body, "<text class=\"title\" x=\"20\" y=\"{}\">{text}</text>", self.y);
        self.y += 12.0;
    }

    fn group(&mut self, name: &str, series: &[&Series], longest: f64) {
        self.y += 18.0;
        let _ = writeln!(self.body, "<text class=\"quiet\" x=\"20\" y=\"{}\">{name}</text>", self.y);
        self.y += 10.0;
        for series in series {
            let cpu = series.cpu();
            let class = if series.role == Role::Ours { "ours" } else { "other" };
            let name = series.label.replace('`', "").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let text = self.y + BAR - 5.0;
            let width = (cpu.median / longest * LONGEST_BAR).max(1.0);
            let _ = writeln!(
                self.body,
                "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\
                 <rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{text}\">{:.0}</text>",
                LEFT - 10.0,
                self.y,
                LEFT + width + 8.0,
                cpu.median
            );
            self.y += ROW;
        }
        self.y += 4.0;
    }
}
