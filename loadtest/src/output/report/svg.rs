//! Axes and marks.

use maud::{Markup, html};

use crate::output::units::time;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 34.0;

/// From values to places.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    pub(super) fn linear(low: f64, high: f64) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 }, log: false }
    }

    /// From the power of ten below to the one above.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let low = 10f64.powf(low.max(1e-6).log10().floor());
        let high = 10f64.powf(high.max(low * 10.0).log10().ceil());
        Self { low, high, log: true }
    }

    /// Where a value lies, from 0 to 1.
    fn place(self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    fn ticks(self) -> Vec<f64> {
        if self.log {
            let first = self.low;
            return (0..)
                .map(|power| first * 10f64.powi(power))
                .take_while(|tick| *tick <= self.high * 1.001)
                .collect();
        }
        let rough = (self.high - self.low) / 8.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil() * step;
        (0..)
            .map(|index| first + f64::from(index) * step)
            .take_while(|tick| *tick <= self.high * 1.001)
            .collect()
    }
}

/// A plot: two axes, and what is drawn between them.
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) height: f64,
}

impl Plot {
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.height - BOTTOM - self.y.place(value) * (self.height - TOP - BOTTOM)
    }

    /// The plot with its marks.
    pub(super) fn draw(
        &self,
        label: &str,
        x_text: impl Fn(f64) -> String,
        y_text: impl Fn(f64) -> String,
        marks: &Markup,
    ) -> Markup {
        let (bottom, right) = (self.height - BOTTOM, WIDTH - RIGHT);
        html! {
            svg viewBox=(format!("0 0 {WIDTH} {}", self.height)) role="img" aria-label=(label) {
                @for tick in self.x.ticks() {
                    @let x = self.x(tick);
                    line class="grid" x1=(px(x)) x2=(px(x)) y1=(TOP) y2=(bottom) {}
                    text x=(px(x)) y=(bottom + 16.0) text-anchor="middle" { (x_text(tick)) }
                }
                @for tick in self.y.ticks() {
                    @let y = self.y(tick);
                    line class="grid" x1=(LEFT) x2=(right) y1=(px(y)) y2=(px(y)) {}
                    text x=(LEFT - 6.0) y=(px(y + 4.0)) text-anchor="end" { (y_text(tick)) }
                }
                (marks)
            }
        }
    }

    /// A vertical line.
    pub(super) fn vertical(&self, value: f64, class: &str) -> Markup {
        let x = self.x(value);
        html! { line class=(class) x1=(px(x)) x2=(px(x)) y1=(TOP) y2=(self.height - BOTTOM) {} }
    }

    pub(super) fn dot(&self, x: f64, y: f64, class: &str) -> Markup {
        html! { circle class=(class) cx=(px(self.x(x))) cy=(px(self.y(y))) r="2" {} }
    }

    pub(super) fn curve(&self, points: &[(f64, f64)], class: &str) -> Markup {
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            path.push_str(&format!("{letter}{} {}", px(self.x(*x)), px(self.y(*y))));
        }
        html! { path class=(class) style="fill:none" d=(path) {} }
    }
}

/// A place to a tenth of a pixel.
pub(super) fn px(place: f64) -> String {
    format!("{place:.1}")
}

/// A round time.
pub(super) fn tick_time(seconds: f64) -> String {
    let text = time(seconds);
    let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number} {unit}")
}
