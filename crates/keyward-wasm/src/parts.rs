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
    pub fn next(&mut self) -> &'a str {
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
            fields.push((name, self.next()));
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
