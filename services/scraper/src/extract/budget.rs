//! Keeping a text within a number of tokens.

/// Tokens as most models count them, near enough: four letters, or one ideograph.
pub(crate) fn tokens(text: &str) -> usize {
    let wide = text.chars().filter(|letter| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')).count();
    wide + (text.chars().count() - wide).div_ceil(4)
}

/// Cuts after the last whole block that fits; where the first block is too long, after a word. Says whether it cut.
pub(crate) fn cut(text: &mut String, limit: usize, between: &str) -> bool {
    if tokens(text) <= limit {
        return false;
    }
    let (mut kept, mut used) = (0, 0);
    for block in text.split_inclusive(between) {
        used += tokens(block);
        if used > limit {
            break;
        }
        kept += block.len();
    }
    if kept == 0 {
        let most = text.floor_char_boundary(limit.saturating_mul(4).min(text.len()));
        kept = text[..most].rfind(char::is_whitespace).unwrap_or(0);
    }
    text.truncate(kept);
    text.truncate(text.trim_end().len());
    true
}
