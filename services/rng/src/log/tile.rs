//! Tiles: the log in pieces that never change (C2SP tlog-tiles).

use std::str::FromStr;

use super::{LogError, store::Store};

/// Hashes, or entries, of a full tile.
const WIDTH: u64 = 256;
/// Levels of the tree that a tile spans.
const HEIGHT: u32 = 8;
/// The highest level that the specification has.
const MAX_LEVEL: u32 = 63;

/// A tile, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// Nothing for a bundle of entries.
    level: Option<u32>,
    index: u64,
    width: u64,
}

/// The path names no tile.
#[derive(Debug)]
pub(super) struct NoTile;

impl Tile {
    /// Whether a log of that size has it.
    pub(super) fn is_within(self, size: u64) -> bool {
        let leaves = HEIGHT * self.level.unwrap_or(0);
        let at_level = size.checked_shr(leaves).unwrap_or(0);
        self.end().is_some_and(|end| end <= at_level)
    }

    fn start(self) -> u64 {
        self.index * WIDTH
    }

    fn end(self) -> Option<u64> {
        self.index.checked_mul(WIDTH)?.checked_add(self.width)
    }
}

impl FromStr for Tile {
    type Err = NoTile;

    /// `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`, where N is in groups of three digits: `x001/x234/067`.
    fn from_str(path: &str) -> Result<Self, NoTile> {
        let (level, rest) = path.split_once('/').ok_or(NoTile)?;
        let level = match level {
            "entries" => None,
            level => Some(number(level).filter(|level| *level <= u64::from(MAX_LEVEL)).ok_or(NoTile)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                (index, number(width).filter(|width| (1..WIDTH).contains(width)).ok_or(NoTile)?)
            }
            None => (rest, WIDTH),
        };
        let level = level.map(u32::try_from).transpose().map_err(|_| NoTile)?;
        Ok(Self { level, index: index_of(index).ok_or(NoTile)?, width })
    }
}

fn index_of(path: &str) -> Option<u64> {
    let groups: Vec<_> = path.split('/').collect();
    let (last, first) = groups.split_last()?;
    // No group of zeros in front: a tile has one path.
    if first.first() == Some(&"x000") {
        return None;
    }
    let digits = first.iter().map(|group| group.strip_prefix('x'));
    digits.chain([Some(*last)]).try_fold(0_u64, |index, group| {
        let group =
            group.filter(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))?;
        index.checked_mul(1000)?.checked_add(group.parse().ok()?)
    })
}

/// Digits without a zero in front.
fn number(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

impl Store {
    /// The bytes of a tile that the log has: hashes, or entries with their lengths.
    pub(super) async fn tile(&self, tile: &Tile) -> Result<Vec<u8>, LogError> {
        if let Some(level) = tile.level {
            return Ok(self.nodes(level * HEIGHT, tile.start(), tile.width).await?.concat());
        }
        let mut bundle = Vec::new();
        for entry in self.entries(tile.start(), tile.width).await? {
            bundle.extend(u16::try_from(entry.len()).map_err(|_| LogError::Corrupt)?.to_be_bytes());
            bundle.extend(entry);
        }
        Ok(bundle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |path: &str| path.parse::<Tile>().ok().map(|tile| (tile.level, tile.index, tile.width));
        assert_eq!(tile("0/000"), Some((Some(0), 0, 256)));
        assert_eq!(tile("63/x001/x234/067"), Some((Some(63), 1_234_067, 256)));
        assert_eq!(tile("entries/x123/456.p/8"), Some((None, 123_456, 8)));
        for path in [
            "0",
            "0/0",
            "0/1000",
            "64/000",
            "00/000",
            "0/x000/001",
            "0/x1/001",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/08",
            "-1/000",
            "entries/",
            "data/000",
            "0/x001/",
            "0/999/000",
            "0/\u{661}\u{661}\u{661}",
        ] {
            assert!(path.parse::<Tile>().is_err(), "{path}");
        }
    }

    #[test]
    fn a_tile_is_served_once_the_log_has_it() {
        let within = |path: &str, size| path.parse::<Tile>().unwrap().is_within(size);
        assert!(within("0/000.p/5", 5) && !within("0/000.p/6", 5) && !within("0/000", 255));
        assert!(within("1/000.p/1", 256) && !within("1/000.p/1", 255));
        assert!(!within("63/001.p/1", u64::MAX));
    }
}
