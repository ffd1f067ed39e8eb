//! JSON that is an object. What is derived for structs takes arrays of their members as well, which
//! nobody means.
use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// What is read from an object and nothing else.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }
        from.deserialize_map(Members(PhantomData))
    }
}

/// Objects in a list.
///
/// # Errors
/// When one of them is something else.
pub(crate) fn all<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let all = Vec::<Object<T>>::deserialize(from)?;
    Ok(all.into_iter().map(|Object(one)| one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        _name: Option<String>,
    }

    #[test]
    fn an_array_is_no_object() {
        let read = |json| serde_json::from_str::<Object<Form>>(json).map(drop);
        assert!(read(r#"{ "_name": "a" }"#).is_ok());
        assert!(read("{}").is_ok());
        for wrong in [
            "[]",
            r#"["a"]"#,
            "[null]",
            "null",
            r#"{ "_name": "a", "_name": "b" }"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<Form>(r#"["a"]"#).is_ok());
    }
}
