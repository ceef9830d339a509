//! What names mean to the programs that read what we write.

mod classes;
mod dotenv;
mod enumerate;
mod pattern;
mod runtimes;
mod shells;
mod trial;
