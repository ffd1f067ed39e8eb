//! Guarantees that the core, as native code, gives the recorded answers byte for byte.
mod suite;

#[test]
fn native() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/generated");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("generated vectors")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let decisions: usize = files
        .iter()
        .map(|path| suite::run(&std::fs::read_to_string(path).expect("a file")))
        .sum();
    println!("conformance native: {decisions} decisions");
}
