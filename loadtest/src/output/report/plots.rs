use maud::{Markup, html};

use super::svg::{Axis, Plot, px, tick_time};
use crate::{
    result::{HistogramError, Point, RunResult},
    sample::Measure,
};

/// More blocks than this would be a grey surface.
const MOST_BLOCKS: usize = 300;
/// Places of the distribution's curves: percentiles, closer where it is steep.
const STEPS: u32 = 400;

/// How the time of each phase is distributed.
pub(super) fn distribution(result: &RunResult) -> Result<Markup, HistogramError> {
    let mut curves = Vec::new();
    for measure in Measure::PARTS.into_iter().chain([Measure::Total]) {
        let latencies = result.latencies(measure)?;
        if latencies.count() > 0 {
            let point = |step: u32| {
                let percent = f64::from(step) * 100.0 / f64::from(STEPS);
                (latencies.percentile(percent).max(1e-6), percent)
            };
            curves.push((measure, (0..=STEPS).map(point).collect::<Vec<_>>()));
        }
    }
    let times = || curves.iter().flat_map(|(_, points)| points.iter().map(|(time, _)| *time));
    let (low, high) = (times().fold(f64::MAX, f64::min), times().fold(0.0, f64::max));
    let plot = Plot { x: Axis::log(low, high), y: Axis::linear(0.0, 100.0), height: 360.0 };
    let marks = html! {
        @for (measure, points) in &curves { (plot.curve(points, colour(*measure))) }
        @for ((measure, _), row) in curves.iter().zip(0u8..) {
            @let y = 30.0 + f64::from(row) * 17.0;
            rect class=(colour(*measure)) x="76" y=(px(y - 9.0)) width="14" height="4" {}
            text class="legend" x="96" y=(px(y - 3.0)) { (measure.name()) }
        }
    };
    Ok(plot.draw("Distribution of times by phase", tick_time, |percent| format!("{percent:.0}%"), &marks))
}

/// Total time over the run.
pub(super) fn timeline(result: &RunResult) -> Markup {
    let end = result.load.duration_s.max(result.points.iter().map(|point| point.at_s).fold(0.0, f64::max));
    let plot = Plot { x: Axis::linear(0.0, end), y: totals(&result.points), height: 320.0 };
    let stride = result.blocks.len().div_ceil(MOST_BLOCKS).max(1);
    let marks = html! {
        @for block in result.blocks.iter().filter(|block| block.at_s <= end).step_by(stride) {
            (plot.vertical(block.at_s, "block"))
        }
        @for point in &result.points { (plot.dot(point.at_s, point.total_s, class(point))) }
    };
    plot.draw("Total time of calls by their intended start", |at| format!("{at:.0} s"), tick_time, &marks)
}

/// Total time by the payment's place between two blocks. `None` without blocks.
pub(super) fn sawtooth(result: &RunResult) -> Option<Markup> {
    let places: Vec<(f64, &Point)> = result
        .points
        .iter()
        .filter_map(|point| {
            let sent = point.paid_s?;
            let next = result.blocks.partition_point(|block| block.at_s <= sent);
            Some((sent - result.blocks.get(next.checked_sub(1)?)?.at_s, point))
        })
        .collect();
    if places.len() < 2 || result.blocks.len() < 3 {
        return None;
    }
    let longest = places.iter().map(|(place, _)| *place).fold(0.0, f64::max);
    let slowest = places.iter().map(|(_, point)| point.total_s).fold(0.0, f64::max);
    let plot = Plot { x: Axis::linear(0.0, longest), y: Axis::linear(0.0, slowest), height: 300.0 };
    let marks = html! { @for (place, point) in &places { (plot.dot(*place, point.total_s, class(point))) } };
    Some(plot.draw("Total time by place between two blocks", |at| format!("{at:.1} s"), tick_time, &marks))
}

fn totals(points: &[Point]) -> Axis {
    let times = || points.iter().map(|point| point.total_s);
    Axis::log(times().fold(f64::MAX, f64::min).min(1.0), times().fold(0.0, f64::max))
}

const fn colour(measure: Measure) -> &'static str {
    match measure {
        Measure::Wait => "c7",
        Measure::Challenge => "c1",
        Measure::Sign => "c2",
        Measure::Verify => "c3",
        Measure::Serve => "c4",
        Measure::Settle => "c0",
        Measure::Rest => "c6",
        _ => "c8",
    }
}

fn class(point: &Point) -> &'static str {
    match point.outcome.as_str() {
        "served" | "served_paid" => "served",
        "refused" | "refunded" | "unserved" => "refused",
        _ => "failed",
    }
}
