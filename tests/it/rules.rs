//! The house's own rules, read from `src/`: who may import whom, where the network and the clock may be touched, how
//! long a file may be. The table is the one in `src/lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file without its tests: path below `src`, and text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// The code before its tests, without comments.
fn code(text: &str) -> String {
    let before = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    before.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// `features/dora/card.rs` is in the part `features`; `app.rs` in `app`.
fn part(name: &str) -> &str {
    name.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Parts that a part's code names as `crate::PART`.
fn imports(code: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for after in code.split("crate::").skip(1) {
        if let Some(list) = after.strip_prefix('{') {
            let inner = list.split('}').next().unwrap_or("");
            found.extend(inner.split(',').map(|item| item.trim().split("::").next().unwrap_or("").to_string()));
        } else {
            found.push(after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn nobody_imports_whom_they_may_not() {
    let doors = ["domain", "error", "features", "sources", "store", "render", "ingest", "app", "config", "clock", "telemetry"];
    let with = |extra: &[&'static str]| -> Vec<&'static str> { doors.iter().copied().chain(extra.iter().copied()).collect() };
    let allowed: BTreeMap<&str, Vec<&str>> = BTreeMap::from([
        ("domain", vec!["domain", "error"]),
        ("error", vec!["domain"]),
        ("sources", vec!["sources", "domain", "error"]),
        ("render", vec!["render", "domain", "error"]),
        ("simulator", vec!["simulator", "domain", "error"]),
        ("store", vec!["store", "domain", "error"]),
        ("ingest", vec!["ingest", "store", "sources", "domain", "error"]),
        ("backfill", vec!["backfill", "sources", "domain", "error"]),
        ("features", vec!["features", "domain", "store", "error"]),
        ("clock", vec!["clock", "domain"]),
        ("config", with(&[])),
        ("telemetry", with(&[])),
        ("app", with(&["slack"])),
        ("schedule", with(&["schedule"])),
        ("slack", with(&["slack"])),
        ("http", with(&["http", "slack"])),
        ("sandbox", with(&["sandbox", "http", "slack"])),
    ]);
    let mut broken = Vec::new();
    for (name, text) in sources() {
        let Some(may) = allowed.get(part(&name)) else { continue }; // cli, lib and main compose everything
        if is_test(&name) {
            continue; // a test may bring in whom it plays with
        }
        for import in imports(&code(&text)) {
            if !may.contains(&import.as_str()) {
                broken.push(format!("{name} imports crate::{import}"));
            }
        }
    }
    let may_be_root = ["cli", "lib", "main"];
    for (name, _) in sources() {
        assert!(
            allowed.contains_key(part(&name)) || may_be_root.contains(&part(&name)),
            "{name}: a new part needs a line in the table above and in lib.rs"
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn each_library_stays_in_its_room() {
    let rooms: [(&str, &[&str]); 7] = [
        ("sqlx::", &["store/"]),
        ("slack_morphism", &["slack/", "render/blocks"]),
        ("reqwest", &["backfill", "slack/", "sandbox/"]),
        ("resvg", &["render/png"]),
        ("Utc::now", &["clock.rs"]),
        ("env::var", &["config/", "config.rs"]),
        ("tokio::spawn", &[]),
    ];
    let mut broken = Vec::new();
    for (name, text) in sources() {
        if is_test(&name) {
            continue;
        }
        for (word, places) in rooms {
            if code(&text).contains(word) && !places.iter().any(|place| name.starts_with(place)) {
                broken.push(format!("{name} uses {word}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_is_reached_and_fits() {
    let all = sources();
    let mut broken = Vec::new();
    for (name, text) in &all {
        if !text.starts_with("//!") {
            broken.push(format!("{name} does not begin with //!"));
        }
        let lines = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text).lines().count();
        if lines > 400 && !is_test(name) {
            broken.push(format!("{name} has {lines} lines before its tests, more than 400"));
        }
        if !["lib.rs", "main.rs"].contains(&name.as_str()) && !is_reached(name, &all) {
            broken.push(format!("no `mod` reaches {name}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn is_reached(name: &str, all: &[(String, String)]) -> bool {
    let path = Path::new(name);
    let (folder, stem) = (path.parent().unwrap(), path.file_stem().unwrap().to_string_lossy());
    let (parent, module) = if stem == "mod" {
        (folder.parent().unwrap().to_path_buf(), folder.file_name().unwrap().to_string_lossy().into_owned())
    } else {
        (folder.to_path_buf(), stem.into_owned())
    };
    let file = if parent.as_os_str().is_empty() { "lib.rs".to_string() } else { parent.join("mod.rs").to_string_lossy().into_owned() };
    let declared = format!("mod {module};");
    all.iter().any(|(name, text)| *name == file && text.contains(&declared))
}

#[test]
fn help_readme_and_manifest_agree_with_the_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let manifest = fs::read_to_string(root.join("manifest.yml")).unwrap();
    assert!(readme.lines().count() <= 200, "README has more than 200 lines");
    for command in pacer::features::COMMANDS {
        let usage = format!("`{}`", format!("/metrics {} {}", command.name, command.usage.replace('|', "\\|")).trim_end());
        let row = format!("| {usage} | {} |", command.summary);
        assert!(readme.contains(&row), "README lacks the line\n{row}");
        assert!(manifest.contains(command.name), "the manifest's usage hint lacks {}", command.name);
    }
    for setting in pacer::config::SETTINGS {
        assert!(readme.contains(&format!("| `{}` |", setting.name)), "README's table of settings lacks {}", setting.name);
    }
    for source in pacer::sources::SOURCES {
        assert!(readme.to_lowercase().contains(&source.slug.to_lowercase()), "README does not say how to feed {}", source.slug);
    }
    let scopes: Vec<String> = manifest
        .lines()
        .skip_while(|line| line.trim() != "bot:")
        .skip(1)
        .map_while(|line| line.trim().strip_prefix("- ").map(|scope| scope.split(' ').next().unwrap_or("").to_string()))
        .collect();
    assert_eq!(scopes, pacer::slack::scopes::NEEDED, "manifest.yml asks for other scopes than the calls need");
}
