//! `catalogue.json`: read or refused, compiled or refused, and what is read is written and read
//! again the same.
#![no_main]
use keyward_core::catalogue::Catalogue;
use keyward_wire::catalogue::{CatalogueFile, Origin};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = match CatalogueFile::parse(text) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let written = serde_json::to_string(&file).expect("JSON");
    let again = CatalogueFile::parse(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("JSON"), written);
    for origin in file.origins.values().flat_map(|one| one.0.values()) {
        if let Origin::Url(origin) = origin {
            // A URL parser may refuse it, but finds no path, query or user in it.
            if let Ok(url) = url::Url::parse(origin) {
                assert_eq!((url.path(), url.query(), url.fragment()), ("/", None, None));
                assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }
    let definitions = file.definitions();
    if let (Ok(definitions), Ok(again)) = (&definitions, again.definitions()) {
        assert_eq!(*definitions, again);
    }
    if let Ok(definitions) = definitions
        && let Ok(catalogue) = Catalogue::compile(definitions)
    {
        assert_eq!(catalogue.resource_count(), file.resources().count());
        for (api, resource) in file.resources() {
            let id = catalogue.resource(api, resource).expect("a resource");
            assert_eq!(catalogue.resource_names(id), Some((api, resource)));
        }
    }
});
