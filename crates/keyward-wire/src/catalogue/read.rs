//! From the text to the catalogue. Written by hand for its size, and held against serde's reading of
//! the same types by a test.
use alloc::collections::BTreeMap;
use alloc::string::String;

use keyward_core::json::{JsonError, Members, Value};

use super::origin::{Origin, OriginJson};
use super::{
    AccountsAt, ActionName, Api, CatalogueFile, Cors, OWN_API, OriginByEnvironment, Route,
};

type Result<T> = core::result::Result<T, JsonError>;

pub(super) fn file(text: &str) -> Result<CatalogueFile> {
    let mut members = Members::read(text.as_bytes())?;
    let file = CatalogueFile {
        apis: members.list("apis", api)?,
        origins: by_name("origins", members.take("origins"), |origins| {
            by_name("an origin", Some(origins), origin).map(OriginByEnvironment)
        })?,
    };
    members.finish()?;
    Ok(file)
}

fn api(value: Value<'_>) -> Result<Api> {
    let mut members = Members::of("an API", value)?;
    let name = text(&mut members, "name")?;
    if name == OWN_API {
        return Err(JsonError::must_be(
            "name",
            "another one than the registry's own API has",
        ));
    }
    let api = Api {
        name,
        resources: members.list("resources", |one| string("resources", one))?,
        cors: members.optional("cors").map(cors).transpose()?,
        routes: members.list("routes", route)?,
        origin: text(&mut members, "origin")?,
    };
    members.finish()?;
    Ok(api)
}

fn cors(value: Value<'_>) -> Result<Cors> {
    let mut members = Members::of("cors", value)?;
    let max_age_s = members.optional_integer("maxAge")?;
    let cors = Cors {
        origins: members.list("origins", |one| string("origins", one))?,
        max_age_s: max_age_s
            .map(|seconds| {
                u32::try_from(seconds).map_err(|_| JsonError::must_be("maxAge", "a day at most"))
            })
            .transpose()?,
        expose_headers: match members.take("exposeHeaders") {
            None => Default::default(),
            Some(Value::Array(names)) => names
                .into_iter()
                .map(|one| string("exposeHeaders", one))
                .collect::<Result<_>>()?,
            Some(_) => return Err(JsonError::must_be("exposeHeaders", "a list")),
        },
    };
    members.finish()?;
    Ok(cors)
}

fn route(value: Value<'_>) -> Result<Route> {
    let mut members = Members::of("a route", value)?;
    let route = Route {
        methods: members.list("methods", |one| string("methods", one))?,
        path: text(&mut members, "path")?,
        resource: text(&mut members, "resource")?,
        action: match members.optional_text("action")?.as_deref() {
            None => None,
            Some("read") => Some(ActionName::Read),
            Some("create") => Some(ActionName::Create),
            Some("update") => Some(ActionName::Update),
            Some("delete") => Some(ActionName::Delete),
            Some(other) => {
                return Err(JsonError::must_be(
                    "action",
                    &["read, create, update or delete, and not ", other].concat(),
                ));
            }
        },
        account: members
            .optional_text("account")?
            .map(|text| text.into_owned()),
        accounts: match members.optional_text("accounts")?.as_deref() {
            None => None,
            Some("origin") => Some(AccountsAt::Origin),
            Some(_) => return Err(JsonError::must_be("accounts", "\"origin\" or not there")),
        },
        encoded_slash: members.flag("encodedSlash", Some(false))?,
        empty_segments: members.flag("emptySegments", Some(false))?,
        semicolon: members.flag("semicolon", Some(false))?,
        basic: members.flag("basic", Some(true))?,
    };
    members.finish()?;
    Ok(route)
}

fn origin(value: Value<'_>) -> Result<Origin> {
    let mut members = Members::of("an origin", value)?;
    let mut own = |name| {
        members
            .optional_text(name)
            .map(|text| text.map(|text| text.into_owned()))
    };
    let json = OriginJson {
        url: own("url")?,
        service: own("service")?,
    };
    members.finish()?;
    Origin::try_from(json).map_err(JsonError::new)
}

fn by_name<T>(
    name: &str,
    value: Option<Value<'_>>,
    read: impl Fn(Value<'_>) -> Result<T>,
) -> Result<BTreeMap<String, T>> {
    let Some(value) = value else {
        return Err(JsonError::must_be(name, "an object"));
    };
    let mut all = BTreeMap::new();
    for (name, value) in Members::of(name, value)?.into_object() {
        all.insert(name.into_owned(), read(value)?);
    }
    Ok(all)
}

fn text(members: &mut Members<'_>, name: &str) -> Result<String> {
    members.text(name).map(|text| text.into_owned())
}

fn string(name: &str, value: Value<'_>) -> Result<String> {
    value.into_text(name).map(|text| text.into_owned())
}

#[cfg(test)]
mod tests;
