//! The chart of the figures that could grow with the store.

use std::path::Path;

use plotters::prelude::*;

/// The figures at one size.
pub struct Point {
    pub n: usize,
    pub open: f64,
    pub set: f64,
    pub bytes: f64,
    pub cold: f64,
    pub warm: f64,
}

/// One line of a panel.
struct Line {
    label: &'static str,
    color: RGBColor,
    of: fn(&Point) -> f64,
}

const BLUE_ISH: RGBColor = RGBColor(31, 98, 176);
const RED_ISH: RGBColor = RGBColor(190, 60, 40);

/// Draws four panels over the number of secrets, both axes logarithmic.
pub fn draw(path: &Path, points: &[Point]) {
    let area = SVGBackend::new(path, (960, 640)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let panels = area.split_evenly((2, 2));
    let line = |label, color, of| Line { label, color, of };
    let titles = [
        (
            "Open and first get (ms)",
            vec![line("open + get", BLUE_ISH, |point| point.open / 1e6)],
        ),
        (
            "One durable set, p50 (ms)",
            vec![line("set", BLUE_ISH, |point| point.set / 1e6)],
        ),
        (
            "Bytes written a set (KiB)",
            vec![line("bytes", BLUE_ISH, |point| point.bytes / 1024.0)],
        ),
        (
            "List of everything (ms)",
            vec![
                line("cold", BLUE_ISH, |point| point.cold / 1e6),
                line("warm", RED_ISH, |point| point.warm / 1e6),
            ],
        ),
    ];
    for (panel, (title, lines)) in panels.iter().zip(titles) {
        draw_panel(panel, title, &lines, points);
    }
    area.present().unwrap();
}

fn draw_panel(
    panel: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    lines: &[Line],
    points: &[Point],
) {
    let values = || lines.iter().flat_map(|line| points.iter().map(line.of));
    // A decade at least, so that what is flat looks flat.
    let least = values().fold(f64::MAX, f64::min) / 3.0;
    let most = (values().fold(0.0, f64::max) * 2.0).max(least * 20.0);
    let mut chart = ChartBuilder::on(panel)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(54)
        .build_cartesian_2d((8.0..140_000.0).log_scale(), (least..most).log_scale())
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("secrets in the store")
        .x_label_formatter(&|n| format!("{n:.0}"))
        .y_label_formatter(&|value| {
            if *value < 1.0 {
                format!("{value:.2}")
            } else {
                format!("{value:.0}")
            }
        })
        .light_line_style(WHITE)
        .draw()
        .unwrap();
    for line in lines {
        let style = ShapeStyle::from(line.color).stroke_width(2);
        let at = |point: &Point| (point.n as f64, (line.of)(point));
        chart
            .draw_series(LineSeries::new(points.iter().map(at), style).point_size(4))
            .unwrap()
            .label(line.label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    if lines.len() > 1 {
        chart.configure_series_labels().background_style(WHITE).draw().unwrap();
    }
}
