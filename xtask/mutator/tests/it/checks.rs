//! Patches as switches.

use super::program::Program;

const MAIN: &str = r#"//! A program.
mod other;

use std::{pin::pin, task::{Context, Poll, Waker}};

struct Door { height: u8 }

trait Guard {
    fn name(&self) -> String;
    fn lets_in(&self, height: u8) -> bool {
        height < 3
    }
}

impl Door {
    fn check(&self) -> Result<u8, String> {
        if self.height > 9 {
            return Err("too high".to_owned());
        }
        if self.height == 0 {
            return Err("no door".to_owned());
        }
        Ok(self.height)
    }
}

impl Guard for Door {
    fn name(&self) -> String {
        let text = "door";
        text.to_owned()
    }
}

async fn later(height: u8) -> bool {
    height == 1
}

fn numbers() -> impl Iterator<Item = u8> {
    [1, 2].into_iter()
}

const fn limit() -> u8 {
    if MOST > 200 { 1 } else { MOST }
}

const MOST: u8 = 20;

fn main() {
    let later = match pin!(later(2)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => false,
    };
    let (high, none) = (Door { height: 10 }, Door { height: 0 });
    let checked = [high.check().is_ok(), none.check().is_ok()];
    let most = [limit(), MOST];
    println!("{later} {checked:?} {} {} {} {most:?}", high.lets_in(3), high.name(), other::sum(numbers()));
}
"#;

const OTHER: &str = "pub(crate) fn sum(numbers: impl Iterator<Item = u8>) -> u8 {
    numbers.sum()
}
";

const WHOLE: &str = "false [false, false] false door 3 [20, 20]";

fn demo() -> Program {
    Program::new(&[("main.rs", MAIN), ("other.rs", OTHER)])
}

#[test]
fn functions_of_every_kind_are_switched() {
    let demo = demo();
    demo.patch("async", "main.rs", "height == 1", "true || height == 1");
    demo.patch("default", "main.rs", "height < 3", "true");
    demo.patch("method", "main.rs", "text.to_owned()", "format!(\"no {text}\")");
    demo.patch("const", "main.rs", "MOST > 200", "MOST < 200");
    demo.patch("generic", "other.rs", "numbers.sum()", "numbers.map(|number| number * 2).sum()");
    let said = demo.switch(&["async", "const", "default", "generic", "method"]);
    assert_eq!(said.iter().map(|line| line[0].as_str()).collect::<Vec<_>>(), ["switched"; 5]);
    assert_eq!(
        said.iter().filter(|line| line[7] == "true").map(|line| line[1].as_str()).collect::<Vec<_>>(),
        ["const"]
    );
    demo.compile();
    assert_eq!(demo.run(None), WHOLE);
    assert_eq!(demo.without("another"), WHOLE);
    assert_eq!(demo.without("async"), "true [false, false] false door 3 [20, 20]");
    assert_eq!(demo.without("const"), "false [false, false] false door 3 [1, 20]");
    assert_eq!(demo.without("default"), "false [false, false] true door 3 [20, 20]");
    assert_eq!(demo.without("method"), "false [false, false] false no door 3 [20, 20]");
    assert_eq!(demo.without("generic"), "false [false, false] false door 6 [20, 20]");
}

#[test]
fn each_of_several_patches_of_a_function_has_its_own_switch() {
    let demo = demo();
    demo.patch("high", "main.rs", "self.height > 9", "false");
    demo.patch("none", "main.rs", "self.height == 0", "false");
    let said = demo.switch(&["high", "none"]);
    demo.compile();
    assert_eq!(demo.run(None), WHOLE);
    assert_eq!(demo.without("high"), "false [true, false] false door 3 [20, 20]");
    assert_eq!(demo.without("none"), "false [false, true] false door 3 [20, 20]");
    // The lines that are said are those of the branches, by which faults of the compiler are told apart.
    let text = demo.source("main.rs");
    let lines: Vec<&str> = text.lines().collect();
    let number = |text: &String| text.parse::<usize>().unwrap();
    for (line, name) in said.iter().zip(["high", "none"]) {
        let [first, last, start, end] = [3, 4, 5, 6].map(|field| number(&line[field]));
        assert_eq!(line[7], "false");
        assert_eq!(line[..3], ["switched", name, "demo/src/main.rs"]);
        assert!(lines[first - 1].contains(&format!("crate::removed::on(\"{name}\")")), "{}", lines[first - 1]);
        assert_eq!(lines[first..last].iter().filter(|line| line.contains("if false")).count(), 1);
        assert!(start < first && last < end);
        assert!(lines[start - 1].contains("fn check"), "{}", lines[start - 1]);
    }
    assert!(number(&said[0][4]) <= number(&said[1][3]));
}

#[test]
fn a_patch_of_several_functions_and_files_has_one_switch() {
    let demo = demo();
    demo.patch("all", "main.rs", "self.height > 9", "false");
    demo.patch("all", "main.rs", "height < 3", "true");
    demo.patch("all", "other.rs", "numbers.sum()", "numbers.count() as u8");
    assert_eq!(demo.switch(&["all"]).len(), 3);
    demo.compile();
    assert_eq!(demo.run(None), WHOLE);
    assert_eq!(demo.without("all"), "false [true, false] true door 2 [20, 20]");
}

#[test]
fn a_file_counts_where_there_is_no_variable() {
    let demo = demo();
    demo.patch("high", "main.rs", "self.height > 9", "false");
    demo.switch(&["high"]);
    demo.compile();
    demo.say("high\n");
    assert_eq!(demo.run(None), "false [true, false] false door 3 [20, 20]");
    assert_eq!(demo.without("another"), WHOLE);
}

#[test]
fn what_is_no_body_of_a_function_is_left_alone() {
    let demo = demo();
    demo.patch("constant", "main.rs", "const MOST: u8 = 20", "const MOST: u8 = 30");
    demo.patch("signature", "main.rs", "async fn later(height: u8)", "async fn later(height: u8, _: ())");
    demo.patch("attribute", "main.rs", "struct Door", "#[derive(Clone)] struct Door");
    demo.patch("use", "main.rs", "Waker}}", "Waker}, time::Duration}");
    demo.patch("more", "main.rs", "fn main()", "fn more() {}\nfn main()");
    demo.patch("comment", "main.rs", "//! A program.", "//! A program.\n// Of ours.");
    // What can be switched does not make up for what cannot.
    demo.patch("both", "main.rs", "height < 3", "true");
    demo.patch("both", "main.rs", "const MOST: u8 = 20", "const MOST: u8 = 30");
    let said = demo.switch(&["attribute", "both", "comment", "constant", "more", "signature", "use"]);
    let told: Vec<(&str, &str)> = said.iter().map(|line| (line[0].as_str(), line[1].as_str())).collect();
    assert_eq!(
        told,
        ["attribute", "both", "comment", "constant", "more", "signature", "use"].map(|name| ("alone", name))
    );
    assert!(said.iter().all(|line| line.len() == 3 && !line[2].is_empty()));
    assert_eq!((demo.source("main.rs").as_str(), demo.source("other.rs").as_str()), (MAIN, OTHER));
}

#[test]
fn what_is_no_rust_is_left_alone() {
    let demo = Program::new(&[("main.rs", "fn main() {}\n"), ("page.ts", "let a = 1;\n")]);
    demo.patch("page", "page.ts", "1", "2");
    assert_eq!(demo.switch(&["page"]), [["alone", "page", "demo/src/page.ts is no Rust source"]]);
}
