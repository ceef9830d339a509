//! The hostile server as a program, for tests in Node and browsers: told what to do by lines on standard input, each of which is
//! answered by a line.
//!
//! ```text
//! before ADDRESS DATA_DIR      stand before the server there
//! with admin=SEED ...          work with these accomplices (base64url)
//! tell LIE | honest            tell a lie, or none
//! told                         how often it was told
//! expects CLIENT               what must come of each lie told to it by changing answers, as JSON: LIE to refused, failed, truth or -
//! ```
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool of tests")]

use data_encoding::BASE64URL_NOPAD;
use std::{io::stdin, path::Path};
use stronghold_hostile::{Accomplices, Client, Expected, Hostile, Lie};

fn main() {
    let hostile = Hostile::listen();
    println!("listening on {}", hostile.url());
    for line in stdin().lines().map_while(Result::ok) {
        println!("{}", done(&hostile, line.trim()));
    }
}

fn done(hostile: &Hostile, line: &str) -> String {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "before" => {
            let (address, folder) = rest.split_once(' ').expect("an address and a folder");
            hostile.stand_before(address, Path::new(folder));
        }
        "with" => hostile.work_with(accomplices(rest)),
        "tell" => hostile.tell(Some(Lie::named(rest).unwrap_or_else(|| panic!("there is no lie {rest}")))),
        "honest" => hostile.tell(None),
        "told" => return hostile.told().to_string(),
        "expects" => return expected(Client::ALL.into_iter().find(|client| client.name() == rest).expect("a client")),
        _ => panic!("{line:?} is not understood"),
    }
    "done".to_owned()
}

fn expected(client: Client) -> String {
    let lies = Lie::ALL.iter().filter(|lie| !lie.is_of_the_database());
    let members = lies.map(|lie| {
        let what = match client.expects(*lie) {
            Expected::Refused => "refused",
            Expected::NotBelieved => "failed",
            Expected::Harmless(_) => "truth",
            Expected::Untold(_) => "-",
        };
        format!("\"{}\":\"{what}\"", lie.name())
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn accomplices(text: &str) -> Accomplices {
    let mut all = Accomplices::default();
    for (name, seed) in text.split(' ').filter_map(|part| part.split_once('=')) {
        let seed = BASE64URL_NOPAD.decode(seed.as_bytes()).unwrap().try_into().ok();
        match name {
            "admin" => all.admin = seed,
            "editor_elsewhere" => all.editor_elsewhere = seed,
            "removed_editor" => all.removed_editor = seed,
            "removed_admin" => all.removed_admin = seed,
            _ => panic!("{name} is no accomplice"),
        }
    }
    all
}
