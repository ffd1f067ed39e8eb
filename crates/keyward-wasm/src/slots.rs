//! What JavaScript holds by a number.

/// Values by their handles, which count from 1. A handle is given again once its value is gone.
pub(crate) struct Slots<T>(Vec<Option<T>>);

impl<T> Slots<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let free = self.0.iter().position(Option::is_none);
        let index = free.unwrap_or(self.0.len());
        match self.0.get_mut(index) {
            Some(slot) => *slot = Some(value),
            None => self.0.push(Some(value)),
        }
        index as u32 + 1
    }

    /// `None`: there is nothing (any more) under this handle.
    pub(crate) fn get(&mut self, handle: u32) -> Option<&mut T> {
        self.0.get_mut((handle as usize).wrapping_sub(1))?.as_mut()
    }

    pub(crate) fn remove(&mut self, handle: u32) {
        if let Some(slot) = self.0.get_mut((handle as usize).wrapping_sub(1)) {
            *slot = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn a_handle_is_of_what_was_put_there_until_it_is_taken_away() {
        let mut slots = Slots::new();
        assert_eq!((slots.insert('a'), slots.insert('b')), (1, 2));
        slots.remove(1);
        assert_eq!(slots.get(1), None);
        assert_eq!(slots.get(2), Some(&mut 'b'));
        assert_eq!(slots.insert('c'), 1);
        for nothing in [0, 3, u32::MAX] {
            assert_eq!(slots.get(nothing), None);
            slots.remove(nothing);
        }
        assert_eq!(slots.get(1), Some(&mut 'c'));
    }
}
