//! Mutants by number.

use super::program::Program;

const MAIN: &str = r#"fn check(height: u8) -> Result<(), String> {
    if height > 9 {
        return Err("too high".to_owned());
    }
    Ok(())
}

fn main() {
    let checked: Vec<bool> = [9, 10].iter().map(|height| check(*height).is_ok()).collect();
    println!("{checked:?}");
}
"#;

#[test]
fn each_mutant_is_what_is_said_of_it() {
    let demo = Program::new(&[("main.rs", MAIN)]);
    let said = demo.rewrite("mutants", &["-", "demo/src/main.rs"]);
    demo.compile();
    assert_eq!(demo.run(None), "[true, false]");
    let number = |after: &str| {
        let line = said.iter().find(|line| line[3] == "check" && line[5] == after).unwrap();
        assert_eq!(line[1], "demo/src/main.rs");
        line[0].clone()
    };
    let with = |after: &str| demo.run(Some(("STRONGHOLD_MUTANT", &number(after))));
    assert_eq!(with("false"), "[true, true]");
    assert_eq!(with("true"), "[false, false]");
    assert_eq!(with("height >= 9"), "[false, false]");
    assert_eq!(with("10"), "[true, true]");
    assert_eq!(with("return Ok(())"), "[true, true]");
}

#[test]
fn what_is_dropped_is_left_as_it_is() {
    let demo = Program::new(&[("main.rs", MAIN)]);
    let all: Vec<String> =
        demo.rewrite("mutants", &["-", "demo/src/main.rs"]).iter().map(|line| line[0].clone()).collect();
    let demo = Program::new(&[("main.rs", MAIN)]);
    assert!(demo.rewrite("mutants", &[&all.join(","), "demo/src/main.rs"]).is_empty());
    demo.compile();
    assert_eq!(demo.run(Some(("STRONGHOLD_MUTANT", "1"))), "[true, false]");
}
