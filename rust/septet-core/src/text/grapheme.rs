//! Cuts moved to the edges of visible characters (Unicode UAX 29) where that costs no segment more.

use unicode_segmentation::UnicodeSegmentation;

/// Whether `c` joins no character of its kind: a text of such characters alone has no cluster to spare.
///
/// The scripts that most messages are written in, without their combining signs; what is left out only takes the longer way.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\0'..='\u{0C}' | '\u{0E}'..='\u{2FF}' | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{58F}' | '\u{5D0}'..='\u{5EA}'
        | '\u{620}'..='\u{64A}' | '\u{10A0}'..='\u{10FF}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}'
        | '\u{20A0}'..='\u{20CF}' | '\u{2100}'..='\u{2BFF}' | '\u{3000}'..='\u{3029}' | '\u{3041}'..='\u{3096}'
        | '\u{309B}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF60}'
        | '\u{1F300}'..='\u{1F3FA}' | '\u{1F400}'..='\u{1F64F}' | '\u{1F680}'..='\u{1F6FF}' | '\u{1F900}'..='\u{1F9FF}')
}

/// Whether a cut between these characters might divide a cluster: surely not where both stand alone, whatever is around them.
pub(super) fn parts_cluster(before: u32, after: u32) -> bool {
    let alone = |code| char::from_u32(code).is_some_and(stands_alone);
    !(alone(before) && alone(after))
}

/// Moves the cuts of `pieces` (units of each, as full as can be) back to cluster edges, where as many pieces still do.
///
/// Of the places where piece `i` may end and the rest still fits, the last cluster edge is taken; if there is none, the last place,
/// which divides a cluster. Later ends leave most room for what follows, so if any division into this many pieces divides no
/// cluster, this one does not.
pub(super) fn spare(text: &str, width: &impl Fn(char) -> usize, capacity: usize, pieces: Vec<usize>) -> Vec<usize> {
    if text.chars().all(stands_alone) {
        return pieces;
    }
    let ends = |lengths: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
        lengths
            .scan(0, |at, length| {
                *at += length;
                Some(*at)
            })
            .collect()
    };
    let characters = ends(&mut text.chars().map(width));
    let clusters = ends(&mut text.graphemes(true).map(|g| g.chars().map(width).sum()));
    let earliest = earliest_ends(&characters, capacity, pieces.len());
    let mut out = Vec::with_capacity(pieces.len());
    let mut start = 0;
    for least in earliest {
        let last_up_to = |all: &[usize], limit: usize| all[..all.partition_point(|end| *end <= limit)].last().copied();
        let most = last_up_to(&characters, start + capacity).unwrap_or(start);
        let end = last_up_to(&clusters, most).filter(|edge| *edge >= least && *edge > start).unwrap_or(most);
        out.push(end - start);
        start = end;
    }
    out
}

/// For each of `count` pieces the earliest end that leaves room for the rest, found by filling them from the last one.
fn earliest_ends(characters: &[usize], capacity: usize, count: usize) -> Vec<usize> {
    let mut end = characters.last().copied().unwrap_or(0);
    let mut out = vec![end; count];
    for slot in out.iter_mut().rev().skip(1) {
        let from = end.saturating_sub(capacity);
        // Piece boundaries are 0 or the end of a character.
        end = if from == 0 { 0 } else { characters[characters.partition_point(|e| *e < from)] };
        *slot = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_stand_alone_do() {
        for c in ('\0'..=char::MAX).filter(|c| stands_alone(*c)) {
            for other in ['a', '👍', '가', 'ع', '\n', c] {
                for pair in [[c, other], [other, c]] {
                    assert_eq!(String::from_iter(pair).graphemes(true).count(), 2, "{pair:?}");
                }
            }
        }
    }
}
