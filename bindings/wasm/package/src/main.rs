//! Makes the npm package out of the compiled module: `stronghold-wasm-package MODULE.wasm FOLDER`.
//!
//! What wasm-bindgen's command line does, as a program of this workspace, so that the lock file keeps both halves of wasm-bindgen
//! at the same version, which they must be.

use std::{env, error::Error, fs, path::Path, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

/// What the package holds beside what is generated, from `bindings/wasm`.
const FILES: &[(&str, &str)] = &[
    ("npm/package.json", "package.json"),
    ("npm/node.js", "node.js"),
    ("types.d.ts", "stronghold_wasm.d.ts"),
    ("README.md", "README.md"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: stronghold-wasm-package MODULE.wasm FOLDER");
        return ExitCode::from(2);
    };
    match make(Path::new(module), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the package cannot be made: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(module: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (from, to) in FILES {
        fs::copy(source.join(from), folder.join(to))?;
    }
    Ok(())
}
