//! The per-packet core of tmrx: bytes in, tables out.

pub mod error;
pub mod time;
pub mod anomaly;
pub mod frame;
pub mod packet;
pub mod plan;
pub mod wire;
pub mod link;
pub mod decap;
pub mod identify;
pub mod decode;
pub mod verify;
pub mod excluded;
pub mod filter;
pub mod restore;
pub mod flow;
pub mod stream;
pub mod files;
pub mod app;
pub mod detect;
pub mod table;
pub mod encap;
pub mod mirror;
pub mod offload;
pub mod engine;
pub mod io;
pub mod ffi;
#[cfg(feature = "python")]
mod py;
