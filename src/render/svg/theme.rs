//! Colours: one name for each, and what it is on a light and on a dark page.
//!
//! In a page a colour is a CSS custom property, with the light one as what stands where there is no style: so one drawing
//! serves light, dark and print. A picture that stands alone gets literal colours, since resvg knows no custom properties.
//!
//! The six inks of series were chosen by search for the largest distance between any two, as seen with full colour vision and
//! with each of the three kinds of colour blindness, among those that have a contrast of 4.5 to the page, so that a label in
//! them is text one can read. The tests measure both again. No ink is the only sign of anything.

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Text.
    Text,
    /// Text of less weight, axes.
    Soft,
    /// Grid lines and borders.
    Line,
    /// The page itself: halos, and text on bars.
    Page,
    /// The ground of a card.
    Card,
    /// Better.
    Good,
    /// Worse.
    Bad,
    /// A series, from 0 on; past the last they begin again.
    Series(usize),
}

/// Where a drawing will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// In a page, which says what is light and dark.
    Page,
    /// Alone, on white.
    Light,
    /// Alone, on black.
    Dark,
}

/// How many series have an ink of their own.
pub const SERIES: usize = 6;

/// The custom property, its colour on a light and on a dark page.
const INKS: [(&str, &str, &str); 13] = [
    ("ink", "#1d1c1d", "#ececee"),
    ("soft", "#5c5a5e", "#a9a7ad"),
    ("line", "#dcdadf", "#3a393e"),
    ("page", "#ffffff", "#1a1a1d"),
    ("card", "#f7f6f8", "#232327"),
    ("good", "#0b6b3a", "#6fd39b"),
    ("bad", "#a8201a", "#ff9b91"),
    ("s0", "#2f5fc4", "#8fb0ff"),
    ("s1", "#ad5b00", "#f28c3f"),
    ("s2", "#00664a", "#35d0b0"),
    ("s3", "#241d38", "#f3f0f7"),
    ("s4", "#8a5f85", "#b58ab5"),
    ("s5", "#5b3a06", "#ecdc7a"),
];

impl Ink {
    fn row(self) -> (&'static str, &'static str, &'static str) {
        INKS[match self {
            Self::Text => 0,
            Self::Soft => 1,
            Self::Line => 2,
            Self::Page => 3,
            Self::Card => 4,
            Self::Good => 5,
            Self::Bad => 6,
            Self::Series(nth) => 7 + nth % SERIES,
        }]
    }
}

impl Theme {
    /// The colour as an attribute says it.
    pub fn colour(self, ink: Ink) -> String {
        let (name, light, dark) = ink.row();
        match self {
            Self::Page => format!("var(--{name},{light})"),
            Self::Light => light.to_owned(),
            Self::Dark => dark.to_owned(),
        }
    }
    /// Whether only the embedded font draws the text.
    pub fn stands_alone(self) -> bool {
        self != Self::Page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::html::STYLE;

    fn linear(colour: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let part = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// WCAG 2's contrast.
    fn contrast(one: &str, other: &str) -> f64 {
        let bright = |colour: &str| {
            let [r, g, b] = linear(colour);
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (one, other) = (bright(one), bright(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_ink_of_text_and_lines_can_be_read_on_page_and_card() {
        for theme in [Theme::Light, Theme::Dark] {
            let inks = [Ink::Text, Ink::Soft, Ink::Good, Ink::Bad].into_iter().chain((0..SERIES).map(Ink::Series));
            for ink in inks {
                for ground in [Ink::Page, Ink::Card] {
                    let found = contrast(&theme.colour(ink), &theme.colour(ground));
                    assert!(found >= 4.5, "{theme:?} {ink:?} on {ground:?}: {found:.2}");
                }
            }
        }
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01 && (contrast("#777777", "#ffffff") - 4.48).abs() < 0.01);
    }

    /// Machado, Oliveira and Fernandes 2009, severity 1: protanopia, deuteranopia, tritanopia; and none.
    const SEEN: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ];

    /// CIELAB under D65.
    fn lab(seen: &[[f64; 3]; 3], colour: &str) -> [f64; 3] {
        let light = linear(colour);
        let part = |row: [f64; 3]| row.iter().zip(light).map(|(share, part)| share * part).sum::<f64>().clamp(0.0, 1.0);
        let [red, green, blue] = seen.map(part);
        let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.950_47);
        let y = root(0.2126 * red + 0.7152 * green + 0.0722 * blue);
        let z = root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.088_83);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn no_two_series_look_alike_to_anybody() {
        for theme in [Theme::Light, Theme::Dark] {
            for (way, seen) in SEEN.iter().enumerate() {
                for one in 0..SERIES {
                    for other in 0..one {
                        let (a, b) = (lab(seen, &theme.colour(Ink::Series(one))), lab(seen, &theme.colour(Ink::Series(other))));
                        let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                        assert!(apart > 15.0, "{theme:?}, way {way}: {one} and {other} are {apart:.1} apart");
                    }
                }
            }
        }
    }

    #[test]
    fn the_pages_style_has_the_same_colours() {
        let (light, rest) = STYLE.split_once("@media(prefers-color-scheme:dark)").unwrap();
        let dark = rest.split_once('}').unwrap().0;
        for (name, on_light, on_dark) in INKS {
            assert!(light.contains(&format!("--{name}:{on_light}")), "--{name}:{on_light} in the light style");
            assert!(dark.contains(&format!("--{name}:{on_dark}")), "--{name}:{on_dark} in the dark style");
        }
        assert_eq!(Theme::Page.colour(Ink::Series(7)), "var(--s1,#ad5b00)");
    }
}
