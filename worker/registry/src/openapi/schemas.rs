//! Schemas of types: as they are read, and as they are answered.
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// Collects what is referred to.
pub(super) struct Schemas {
    read: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
                .transforms
                .push(Box::new(RecursiveTransform(no_null_default)));
        });
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            answered: settings.for_serialize().into_generator(),
        }
    }

    /// As the content of requests.
    pub(super) fn content<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().into()
    }

    pub(super) fn answer<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().into()
    }

    /// The type itself, and not where it is.
    pub(super) fn query<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.read).into()
    }

    /// Everything that was referred to.
    pub(super) fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        for (name, schema) in self.answered.take_definitions(true) {
            if let Some(other) = all.insert(name.clone(), schema.clone()) {
                assert_eq!(
                    other, schema,
                    "{name} is read as something else than it is answered"
                );
            }
        }
        all
    }
}

/// What is absent is not what is null, where both are taken.
fn no_null_default(schema: &mut Schema) {
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
}

/// Members that may be left out when they are read are not promised in answers either, so that
/// both are one schema.
pub(crate) fn optional_members(schema: &mut Schema) {
    schema.remove("required");
}
