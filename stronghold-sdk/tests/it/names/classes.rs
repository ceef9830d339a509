//! The two classes, and that everything asks for them which writes names.

use stronghold_sdk::format::{
    self, Format, FormatError,
    names::{AllowedNames, NameClass, class_of},
};

/// One of each kind that was ever seen to run something.
const EVALUATED: &[&str] = &[
    "RANDOM",
    "SRANDOM",
    "OPTIND",
    "HISTCMD",
    "SECONDS",
    "LINENO",
    "BASHPID",
    "EPOCHSECONDS",
    "BASH_SUBSHELL",
    "EPOCHREALTIME",
    "UID",
    "COLUMNS",
    "TMOUT",
    "DIRSTACKSIZE",
    "path",
    "fpath",
    "functions",
    ".sh.version",
];

const START: &[&str] = &[
    "PATH",
    "HOME",
    "IFS",
    "SHELL",
    "SHELLOPTS",
    "BASH_ENV",
    "ENV",
    "BASH_FUNC_ls%%",
    "PROMPT_COMMAND",
    "PS1",
    "PS4",
    "RPROMPT",
    "FPATH",
    "NODE_OPTIONS",
    "LD_PRELOAD",
    "LD_ANYTHING",
    "DYLD_INSERT_LIBRARIES",
    "PYTHONSTARTUP",
    "PYTHONPATH",
    "PERL5OPT",
    "RUBYOPT",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG_COUNT",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "npm_config_script_shell",
    "NPM_CONFIG_SCRIPT_SHELL",
    "API_STRONGHOLD_URL",
];

/// Names that people give to secrets, near to those above.
const LABELS: &[&str] = &[
    "DATABASE_URL",
    "NODE_ENV",
    "NODE_TOKEN",
    "JAVA_OPTS",
    "GIT_TOKEN",
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "PYTHON_API_KEY",
    "PYTHONUNBUFFERED",
    "CARGO_REGISTRY_TOKEN",
    "YARN_NPM_AUTH_TOKEN",
    "PATH_PREFIX",
    "MY_PATH",
    "HOMEPAGE",
    "ENVIRONMENT",
    "USERNAME",
    "HOST",
    "PORT",
    "random",
    "TZ",
    "LANG",
];

#[test]
fn each_name_has_its_class() {
    let shell_options = |name: &&&str| **name != "SHELLOPTS";
    for name in EVALUATED {
        assert_eq!(class_of(name), Some(NameClass::Evaluated), "{name}");
    }
    for name in START.iter().filter(shell_options) {
        assert_eq!(class_of(name), Some(NameClass::ChangesStart), "{name}");
    }
    assert!(class_of("SHELLOPTS").is_some());
    for name in LABELS {
        assert_eq!(class_of(name), None, "{name}");
    }
}

/// What is sourced holds none of them, and the error names all; what is not sourced holds them; a person's yes is for that
/// name alone.
#[test]
fn what_is_sourced_holds_special_names_only_if_they_are_allowed() {
    for name in EVALUATED.iter().chain(START) {
        let pairs = [("HARMLESS", b"1".as_slice()), (name, b"1"), ("ZDOTDIR", b"1")];
        for format in [Format::Shell, Format::Dotenv] {
            let refused = format::write(format, pairs.into_iter(), &AllowedNames::default()).unwrap_err();
            let FormatError::SpecialNames { names, .. } = &refused else { panic!("{name} as {format}: {refused}") };
            let mut named: Vec<&str> = names.iter().map(|(name, _)| name).collect();
            named.sort_unstable();
            let mut expected = [*name, "ZDOTDIR"];
            expected.sort_unstable();
            assert_eq!(named, expected, "all that are refused are named at once, and nothing else");
            for part in [name, "ZDOTDIR", "--allow-name", &format.to_string()] {
                assert!(refused.to_string().contains(part), "{refused} says {part}");
            }
            let one: AllowedNames = ["ZDOTDIR"].into_iter().collect();
            assert!(format::write(format, pairs.into_iter(), &one).is_err(), "{name} was not allowed");
        }
        let json = format::write(Format::Json, pairs.into_iter(), &AllowedNames::default());
        assert!(json.is_ok(), "nobody sources JSON");
    }
    let pairs = [("RANDOM", b"1".as_slice()), ("BASH_ENV", b"/x")];
    let both: AllowedNames = ["RANDOM", "BASH_ENV"].into_iter().collect();
    for format in [Format::Shell, Format::Dotenv] {
        let written = format::write(format, pairs.into_iter(), &both).unwrap();
        assert!(String::from_utf8(written.text.to_vec()).unwrap().contains("BASH_ENV="));
    }
}
