//! Methods, and the actions that they stand for.

use core::fmt;

/// The methods that routes can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
    ];

    /// The method of a request line: exact, since methods are case-sensitive (RFC 9110 section
    /// 9.1). Any other is answered with 405.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// The method as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// The method that a route must have for this one: `HEAD` is a `GET` without the content.
    pub(super) const fn of_route(self) -> Self {
        match self {
            Self::Head => Self::Get,
            other => other,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Get => 1,
            Self::Head => 2,
            Self::Post => 4,
            Self::Put => 8,
            Self::Patch => 16,
            Self::Delete => 32,
            Self::Options => 64,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Methods(u8);

impl Methods {
    /// Whether it was not there before.
    pub(super) fn insert(&mut self, method: Method) -> bool {
        let new = !self.contains(method);
        self.0 |= method.bit();
        new
    }

    pub(super) const fn contains(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// The first method that both have.
    pub(super) fn shared_with(self, other: Self) -> Option<Method> {
        Method::ALL
            .into_iter()
            .find(|method| self.contains(*method) && other.contains(*method))
    }
}

/// What a request does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    Create,
    Read,
    Update,
    Delete,
}

impl Action {
    /// All of them, in the order of `crud`.
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    /// What a method does where the route says nothing else.
    #[must_use]
    pub const fn of(method: Method) -> Self {
        match method {
            Method::Get | Method::Head | Method::Options => Self::Read,
            Method::Post => Self::Create,
            Method::Put | Method::Patch => Self::Update,
            Method::Delete => Self::Delete,
        }
    }

    /// Its letter in [`Actions`].
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
        }
    }

    /// Its name in configuration, answers and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The action of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Create => 1,
            Self::Read => 2,
            Self::Update => 4,
            Self::Delete => 8,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of actions, written as their letters in the order of `crud`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions(u8);

impl Actions {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action.
    pub const ALL: Self = Self(15);

    /// The set that letters name, `ru` for example; an empty text is the empty set.
    ///
    /// `None` for other letters, repetitions, and any other order: a set has one spelling.
    #[must_use]
    pub fn parse(letters: &str) -> Option<Self> {
        let mut rest = letters.chars();
        let mut next = rest.next();
        let mut actions = Self::NONE;
        for action in Action::ALL {
            if next == Some(action.letter()) {
                actions = actions.with(action);
                next = rest.next();
            }
        }
        next.is_none().then_some(actions)
    }

    /// The set and one action more.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | action.bit())
    }

    /// Whether the action is in the set.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & action.bit() != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the other set has all that this one has.
    #[must_use]
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether no action is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for action in Action::ALL {
            if self.contains(action) {
                write!(f, "{}", action.letter())?;
            }
        }
        Ok(())
    }
}
