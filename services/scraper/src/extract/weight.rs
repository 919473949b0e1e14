//! How much text stands where: words, words in links, words in prose.

use super::flat::{Flat, is_block};

/// Words in one text block below this are a label, not prose.
const PROSE: u32 = 10;

/// What a subtree holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight {
    pub(crate) words: u32,
    /// Of these, inside links.
    pub(crate) linked: u32,
    /// Of these, in blocks that read like sentences.
    pub(crate) prose: u32,
}

impl Weight {
    pub(crate) fn link_share(self) -> f32 {
        ratio(self.linked, self.words)
    }
}

/// A share of a whole; nothing of nothing is nothing.
#[expect(clippy::cast_precision_loss, reason = "word counts of a capped page fit")]
pub(crate) fn ratio(part: u32, whole: u32) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Sums from the start of the page, one more than there are entries.
pub(crate) struct Weights {
    sums: Vec<Weight>,
}

impl Weights {
    /// Weighs all that is not `gone`.
    pub(crate) fn of(flat: &Flat<'_>, gone: &[bool]) -> Self {
        let count = flat.entries.len();
        let (mut own, mut blocks) = (vec![Weight::default(); count], vec![(0_u32, 0_u32); count]);
        let mut holder = vec![(0_usize, false); count];
        for at in 0..count {
            let entry = &flat.entries[at];
            let (block, linked) = holder[entry.parent];
            if let Some(element) = entry.element() {
                let name = element.name();
                holder[at] =
                    (if is_block(name) { at } else { block }, linked || name == "a" || name == "button");
            } else if let Some(text) = entry.text().filter(|_| !gone[at]) {
                holder[at] = (block, linked);
                let words = count_words(text);
                own[at] = Weight { words, linked: if linked { words } else { 0 }, prose: 0 };
                blocks[block].0 += words;
                blocks[block].1 += own[at].linked;
            }
        }
        let mut sums = Vec::with_capacity(count + 1);
        let mut sum = Weight::default();
        sums.push(sum);
        for at in 0..count {
            let (words, linked) = blocks[holder[at].0];
            let prose = words >= PROSE && linked * 2 < words;
            sum.words += own[at].words;
            sum.linked += own[at].linked;
            sum.prose += if prose { own[at].words - own[at].linked.min(own[at].words) } else { 0 };
            sums.push(sum);
        }
        Self { sums }
    }

    /// What stands inside `at`.
    pub(crate) fn inside(&self, flat: &Flat<'_>, at: usize) -> Weight {
        self.between(at, flat.entries[at].end)
    }

    /// What stands from one entry to before another.
    pub(crate) fn between(&self, from: usize, to: usize) -> Weight {
        let (from, to) = (self.sums[from], self.sums[to]);
        Weight { words: to.words - from.words, linked: to.linked - from.linked, prose: to.prose - from.prose }
    }
}

/// Words as a reader counts them; a script without spaces counts two characters a word.
pub(crate) fn count_words(text: &str) -> u32 {
    let (mut words, mut inside, mut wide) = (0_u32, false, 0_u32);
    for letter in text.chars() {
        if matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{0e00}'..='\u{0e7f}')
        {
            wide += 1;
            inside = false;
        } else if letter.is_alphanumeric() {
            words += u32::from(!inside);
            inside = true;
        } else if letter != '\'' && letter != '\u{2019}' {
            inside = false;
        }
    }
    words + wide.div_ceil(2)
}
