//! What the sources keep to beyond what clippy checks: the size of a file, and where `unsafe` may stand.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

const MAX_LINES: usize = 600;
const UNSAFE_IN: [&str; 3] = ["src/io", "src/ffi", "src/py"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Each source file of the crate with its code: without its tests, and without comments.
fn each(mut check: impl FnMut(&Path, &[&str])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = sources(&root.join("src"));
    assert!(files.len() > 10);
    for path in files.iter().filter(|path| !path.file_stem().unwrap().to_string_lossy().ends_with("tests")) {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        check(path.strip_prefix(root).unwrap(), &code.lines().collect::<Vec<_>>());
    }
}

#[test]
fn no_file_is_long() {
    each(|path, lines| assert!(lines.len() <= MAX_LINES, "{}: {} lines", path.display(), lines.len()));
}

#[test]
fn unsafe_stands_at_the_edges_with_its_reason() {
    each(|path, lines| {
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe") {
                continue;
            }
            let place = format!("{}:{}", path.display(), number + 1);
            assert!(UNSAFE_IN.iter().any(|edge| path.starts_with(edge)), "{place}: unsafe outside io, ffi and py");
            let above = lines.iter().take(number + 1).rev().take(8);
            assert!(above.copied().any(|line| line.contains("SAFETY:")), "{place}: unsafe without a SAFETY reason");
        }
    });
}
