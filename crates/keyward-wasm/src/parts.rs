//! What a call is made of.
use keyward_core::request::Field;

/// The parts of a call, in the order in which they are taken: `lengths` as 32-bit little-endian
/// numbers, then as many texts of these lengths, then perhaps bytes that are not text.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    lengths: &'a [u8],
    text: &'a str,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// `None`: the lengths do not fit, or what they say is text is not.
    #[must_use]
    pub fn read(input: &'a [u8], count: usize) -> Option<Self> {
        let (lengths, bytes) = input.split_at_checked(count.checked_mul(4)?)?;
        let mut total = 0_usize;
        for length in lengths.as_chunks().0 {
            total = total.checked_add(u32::from_le_bytes(*length) as usize)?;
        }
        let (text, rest) = bytes.split_at_checked(total)?;
        Some(Self {
            lengths,
            text: std::str::from_utf8(text).ok()?,
            rest,
        })
    }

    /// The next text; an empty one after the last.
    pub fn part(&mut self) -> &'a str {
        self.take().unwrap_or_default()
    }

    /// The remaining texts.
    pub(crate) fn all(mut self) -> Vec<&'a str> {
        let mut all = Vec::with_capacity(self.lengths.len() / 4);
        while let Some(text) = self.take() {
            all.push(text);
        }
        all
    }

    /// The remaining texts as fields.
    pub(crate) fn fields(mut self) -> Vec<Field<'a>> {
        let mut fields = Vec::with_capacity(self.lengths.len() / 8);
        while let Some(name) = self.take() {
            fields.push((name, self.part()));
        }
        fields
    }

    /// What is behind the texts.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self) -> Option<&'a str> {
        let (length, lengths) = self.lengths.split_first_chunk()?;
        let (text, rest) = self
            .text
            .split_at_checked(u32::from_le_bytes(*length) as usize)?;
        (self.lengths, self.text) = (lengths, rest);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;
    use crate::answer::Answer;

    /// What `parts` would be, as JavaScript writes it.
    fn written(parts: &[&str], rest: &[u8]) -> Vec<u8> {
        let mut input = Vec::new();
        for part in parts {
            input.extend_from_slice(&(part.len() as u32).to_le_bytes());
        }
        input.extend_from_slice(parts.concat().as_bytes());
        input.extend_from_slice(rest);
        input
    }

    #[test]
    fn parts_are_what_was_written_whatever_they_hold() {
        let all = ["", "a\0b", "\u{e9}\u{1F511}", "", "last"];
        let input = written(&all, &[0xFF, 0]);
        let parts = Parts::read(&input, all.len()).expect("parts");
        assert_eq!(parts.all(), all);
        assert_eq!(parts.rest(), [0xFF, 0]);
        let mut parts = parts;
        assert_eq!((parts.part(), parts.part()), (all[0], all[1]));
        assert_eq!(parts.fields(), [(all[2], all[3]), (all[4], "")]);
    }

    #[test]
    fn lengths_that_do_not_fit_are_no_parts() {
        let input = written(&["abc"], &[]);
        assert!(Parts::read(&input, 1).is_some());
        assert!(Parts::read(&input[..6], 1).is_none(), "cut off");
        assert!(Parts::read(&input, 2).is_none());
        assert!(Parts::read(&input, usize::MAX).is_none());
        for length in [4, u32::MAX, u32::MAX - 3] {
            let mut input = input.clone();
            input[..4].copy_from_slice(&length.to_le_bytes());
            assert!(Parts::read(&input, 1).is_none(), "{length}");
        }
        // A length that ends within a character, and bytes that are no text.
        let mut input = written(&["\u{e9}", "a"], &[]);
        input[0] = 1;
        input[4] = 2;
        let mut parts = Parts::read(&input, 2).expect("text as a whole");
        assert_eq!((parts.part(), parts.part()), ("", ""));
        let last = input.len() - 1;
        input[last] = 0xFF;
        assert!(Parts::read(&input, 2).is_none());
    }

    #[test]
    fn answers_are_written_as_they_are_read() {
        let mut answer = Answer::default();
        for _ in 0..2 {
            answer.clear();
            answer.push("a");
            answer.push([0xFF]);
            answer.push_number(10);
            let expected = [3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0];
            let whole = [&expected[..], b"a\xFF10"].concat();
            assert_eq!(answer.finish(), whole);
        }
    }
}
