//! "Did you mean": the nearest of the known words.

/// The most steps between a slip and what was meant.
const FARTHEST: usize = 3;

/// The word of `known` that `given` is most likely a slip of; `None` where none is near. Of a short word more than half
/// must be right.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let farthest = FARTHEST.min(given.chars().count() / 2);
    known
        .into_iter()
        .map(|word| (distance(given, word), word))
        .filter(|(steps, _)| *steps <= farthest)
        .min()
        .map(|(_, word)| word)
}

/// A word that came from outside, short and without control characters, for a message.
pub(crate) fn shown_word(word: &str) -> String {
    word.escape_debug().take(64).collect()
}

/// The edit distance of two words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            let least = substituted.min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], least);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = ["backend", "cache", "env.prefix"];
        for (given, meant) in [
            ("backnd", Some("backend")),
            ("bakcend", Some("backend")),
            ("Cache", Some("cache")),
            ("env.prefixx", Some("env.prefix")),
            ("env", None),
            ("x", None),
            ("", None),
            ("something else", None),
        ] {
            assert_eq!(nearest(given, known), meant, "{given}");
        }
    }

    #[test]
    fn distance_counts_changes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
