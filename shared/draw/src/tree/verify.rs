use super::{Hash, empty_root, node_hash};

/// Why a proof about the tree is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The leaf would lie outside the tree.
    #[error("leaf {index} does not lie in a tree of {size} leaves")]
    Outside {
        /// Index of the leaf.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// A log only grows.
    #[error("a tree of {new} leaves does not continue one of {old}")]
    Shrunk {
        /// Leaves before.
        old: u64,
        /// Leaves after.
        new: u64,
    },
    /// The proof has more or fewer hashes than its place in the tree takes.
    #[error("the proof has not as many hashes as its place in the tree takes")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that `leaf` is leaf number `index` of the tree with this size and root (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// It is not, or the proof does not show it.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), TreeError> {
    if index >= size {
        return Err(TreeError::Outside { index, size });
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(TreeError::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    arrived(last, &[(hash, root)])
}

/// Checks that the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162 section 2.1.4.2).
///
/// # Errors
/// It is not, or the proof does not show it.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> Result<(), TreeError> {
    let ((old, old_root), (new, new_root)) = (old, new);
    if old > new {
        return Err(TreeError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { *new_root };
        return match path {
            [] => arrived(0, &[(expected, old_root)]),
            _ => Err(TreeError::Length),
        };
    }
    let (mut path, mut place, mut last) = (path.iter(), old - 1, new - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    // A complete old tree is a subtree of the new one, and its hash is not repeated in the proof.
    let start = if place == 0 { old_root } else { path.next().ok_or(TreeError::Length)? };
    let (mut before, mut after) = (*start, *start);
    for sibling in path {
        if last == 0 {
            return Err(TreeError::Length);
        }
        if place & 1 == 1 || place == last {
            before = node_hash(sibling, &before);
            after = node_hash(sibling, &after);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            after = node_hash(&after, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    arrived(last, &[(before, old_root), (after, new_root)])
}

/// The proof must end at the top, with the roots that are known.
fn arrived(last: u64, roots: &[(Hash, &Hash)]) -> Result<(), TreeError> {
    if last != 0 {
        return Err(TreeError::Length);
    }
    let equal = roots.iter().all(|(computed, known)| computed == *known);
    if equal { Ok(()) } else { Err(TreeError::Root) }
}
