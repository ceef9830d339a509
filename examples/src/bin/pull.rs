//! The ten-line program of the README: pull a profile with the token that the environment gives.
#![allow(clippy::print_stdout, reason = "an example prints")]

use stronghold_sdk::Agent;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secrets = Agent::from_env()?.pull("production").await?;
    for (name, secret) in secrets.iter() {
        println!("{} has {} bytes", name.expose(), secret.expose().len());
    }
    Ok(())
}
