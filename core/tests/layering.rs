//! Nothing in the crate imports upward: a module uses only what stands before it in the architecture's order.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

/// docs/explanation/architecture.md, "The tree".
const ORDER: [&str; 28] = [
    "error", "time", "anomaly", "frame", "packet", "plan", "wire", "link", "decap", "identify", "decode", "verify",
    "excluded", "filter", "restore", "flow", "stream", "files", "app", "detect", "table", "encap", "mirror", "offload",
    "engine", "io", "ffi", "py",
];
/// Thin wrappers of C libraries and processor instructions, which the stages may call.
const CALLS_FFI: [&str; 3] = ["flow", "detect", "engine"];

fn rank(module: &str) -> usize {
    ORDER.iter().position(|m| *m == module).unwrap_or_else(|| panic!("{module} has no place in the order"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The modules that `text` names after `crate::`, comments left out; `crate::{a, b}` names several.
fn named(text: &str) -> Vec<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => found.extend(group.split('}').next().unwrap().split(',').map(|part| word(part.trim()))),
            None => found.push(word(after)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn nothing_imports_upward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for path in sources(&src) {
        let module = path.strip_prefix(&src).unwrap().iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" || path.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for used in named(code) {
            seen += 1;
            let wrapper = used == "ffi" && CALLS_FFI.contains(&module);
            assert!(wrapper || rank(&used) <= rank(module), "{}: {module} uses {used}", path.display());
        }
    }
    assert!(seen > 10, "the crate names its modules in {seen} places: the search is broken");
}

#[test]
fn lib_lists_the_modules_in_order() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod ")));
    let ranks: Vec<usize> = names.map(|name| rank(name.trim_end_matches(';'))).collect();
    assert!(ranks.is_sorted() && !ranks.is_empty());
}
