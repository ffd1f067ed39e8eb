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
