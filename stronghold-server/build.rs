//! Embeds the web console: writes a table of `include_bytes!` over `console/dist`, which `npm run build` makes.
//!
//! Without a finished build there the table is `None`, and the server is built without the console.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Error},
    path::{Path, PathBuf},
};

/// Holds the content security policy, in one line.
const POLICY: &str = "csp.txt";
/// What a build writes last: while it is missing, the build goes on or broke off.
const SUMS: &str = "SHA256SUMS";
const PAGE: &str = "index.html";

fn main() -> io::Result<()> {
    let dist = directory("CARGO_MANIFEST_DIR")?.join("console").join("dist");
    // Cargo takes a path that is not there for changed, each time, and would compile the server anew on every run. An
    // empty folder is watched like a full one. Where it cannot be made, the sources are read-only, and slow is right.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=console/dist");
    let mut names = BTreeSet::new();
    collect(&dist, "", &mut names)?;
    let finished = [POLICY, SUMS, PAGE].iter().all(|needed| names.contains(*needed));
    if !finished && !names.is_empty() {
        println!("cargo::warning=console/dist is no finished build: the server is built without the web console");
    }
    let table = if finished { table(&dist, &names)? } else { "None".to_owned() };
    fs::write(directory("OUT_DIR")?.join("console.rs"), table)
}

fn directory(variable: &str) -> io::Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| Error::other(format!("{variable} is not set")))
}

/// Adds the names of all files below a folder, relative to the first one, with forward slashes.
fn collect(folder: &Path, prefix: &str, names: &mut BTreeSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| Error::other(format!("{name:?} is not UTF-8")))?;
        let name = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if kind.is_file() {
            names.insert(name);
        }
    }
    Ok(())
}

/// The table as a Rust expression of type `Option<Bundle>`. `HeaderValue::from_static` in a static makes a policy that no header
/// can hold an error of the compiler.
fn table(dist: &Path, names: &BTreeSet<String>) -> io::Result<String> {
    let policy = fs::read_to_string(dist.join(POLICY))?;
    let policy = policy.trim_end();
    if policy.is_empty() {
        return Err(Error::other(format!("{POLICY} holds no policy")));
    }
    let include = |name: &str| format!("include_bytes!({:?})", dist.join(name));
    let sibling = |name: &str, ending: &str| {
        let name = format!("{name}{ending}");
        if names.contains(&name) { format!("Some({})", include(&name)) } else { "None".to_owned() }
    };
    let is_sibling = |name: &str| {
        let plain = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
        plain.is_some_and(|plain| names.contains(plain))
    };
    let mut files = String::new();
    for name in names.iter().filter(|name| *name != POLICY && !is_sibling(name)) {
        let (plain, brotli, gzip) = (include(name), sibling(name, ".br"), sibling(name, ".gz"));
        files += &format!("File {{ name: {name:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},\n");
    }
    Ok(format!("Some(Bundle {{ policy: http::HeaderValue::from_static({policy:?}), files: &[\n{files}] }})"))
}
