//! The package for browsers and Node (`bindings/wasm/pkg`), and the console that uses it.

use crate::{
    root,
    run::{Failed, Step, cargo},
    target, tools,
};
use std::{
    env,
    path::{Path, PathBuf},
};

const TRIPLE: &str = "wasm32-unknown-unknown";
/// Debian's compiler, with the sources of the standard library: for machines whose own Rust lacks the target.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "wasm-ld-19";
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "rust-web-src", "lld-19"];

/// Builds the package from a checkout's sources.
///
/// No path of this machine gets into it: the same sources give the same bytes wherever they lie.
pub(crate) fn package(checkout: &Path, target_folder: &Path) -> Result<(), Failed> {
    let manifest = checkout.join("Cargo.toml");
    let mut build = cargo("the module for browsers and Node", &["build", "--lib", "-p", "stronghold-wasm"])
        .args(&["--profile", "wasm", "--target", TRIPLE])
        .args(&[Path::new("--manifest-path"), &manifest, Path::new("--target-dir"), target_folder])
        .env("CARGO_ENCODED_RUSTFLAGS", flags(checkout));
    if !has_target()? {
        install_debian()?;
        build = build
            .args(&["-Z", "build-std=std,panic_abort"])
            // Debian ships no standard library for the target: it is compiled too, which only an unstable option can ask for.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", DEBIAN_RUSTC)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
    }
    build.run()?;
    let module = target_folder.join(TRIPLE).join("wasm").join("stronghold_wasm.wasm");
    let package = checkout.join("bindings").join("wasm").join("pkg");
    cargo("the package for browsers and Node", &["run", "--quiet", "-p", "stronghold-wasm-package"])
        .args(&[Path::new("--manifest-path"), &manifest, Path::new("--"), &module, &package])
        .run()
}

/// Builds the console on top of the package, for the server to embed.
pub(crate) fn console(checkout: &Path) -> Result<(), Failed> {
    let folder = checkout.join("stronghold-server").join("console");
    let npm =
        |name: &str, arguments: &[&str]| Step::new(name, "npm").args(&["--prefix"]).args(&[&folder]).args(arguments);
    tools::npm_ci("the console's packages", &folder)?;
    npm("types of the console", &["run", "--silent", "check"]).run()?;
    npm("the console", &["run", "--silent", "build"]).run()
}

/// Builds package and console a second time, from a copy of the sources in another folder, and compares every byte.
pub(crate) fn reproduce() -> Result<(), Failed> {
    let copy = target().join("reproduce").join("elsewhere");
    let _ = std::fs::remove_dir_all(&copy);
    let made = std::fs::create_dir_all(&copy);
    made.map_err(|error| Failed(format!("{} ({error})", copy.display())))?;
    let sources = Step::new("the list of files", "git").args(&["ls-files", "-co", "--exclude-standard"]).output()?;
    for name in sources.lines().filter(|name| root().join(name).is_file()) {
        let to = copy.join(name);
        let folder = to.parent().unwrap_or(&copy);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::copy(root().join(name), &to))
            .map_err(|error| Failed(format!("{} ({error})", to.display())))?;
    }
    package(&copy, &copy.join("target"))?;
    console(&copy)?;
    let sums = |checkout: &Path| {
        let file = checkout.join("stronghold-server").join("console").join("dist").join("SHA256SUMS");
        std::fs::read_to_string(&file).map_err(|error| Failed(format!("{} ({error})", file.display())))
    };
    let (here, there) = (sums(&root())?, sums(&copy)?);
    print!("{here}");
    if here != there {
        print!("in another folder:\n{there}");
        return Err(Failed("the comparison of two builds of the console".to_owned()));
    }
    println!("two builds of the console in different folders are the same, byte for byte");
    let _ = std::fs::remove_dir_all(&copy);
    Ok(())
}

/// Whether the compiler that runs us has the target's standard library.
fn has_target() -> Result<bool, Failed> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Step::new("the compiler's folder", rustc).args(&["--print", "sysroot"]).output()?;
    Ok(Path::new(sysroot.trim()).join("lib").join("rustlib").join(TRIPLE).is_dir())
}

fn install_debian() -> Result<(), Failed> {
    let there = Path::new(DEBIAN_RUSTC).is_file()
        && Path::new("/usr/lib/rustlib/src/rust/library").is_dir()
        && tools::on_path(DEBIAN_LINKER);
    if there { Ok(()) } else { tools::install_packages(DEBIAN_PACKAGES) }
}

/// The workspace's own flags, which these replace, and names for the folders whose paths a compiler writes into panics.
fn flags(checkout: &Path) -> String {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let mut flags = vec!["--cfg".to_owned(), "poly1305_backend=\"soft\"".to_owned()];
    for (folder, name) in [(checkout, "/stronghold"), (&cargo_home, "/cargo"), (Path::new("/usr/src"), "/rust")] {
        flags.push(format!("--remap-path-prefix={}={name}", folder.display()));
    }
    flags.join("\u{1f}")
}
