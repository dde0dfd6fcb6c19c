//! The listener for Python: opened there, read by the engine.

use super::errors::UsageError;
use crate::io::udp::{On, RECEIVE_BUFFER};
use crate::io::{self, Source};
use crate::packet::Encapsulation;
use pyo3::prelude::*;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// UDP sockets on the mirror's ports.
#[pyclass(frozen, module = "tmrx._core")]
pub struct Listener(Mutex<io::Listener>);

impl Listener {
    pub(super) fn lock(&self) -> MutexGuard<'_, io::Listener> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Listener {
    /// Bind a socket for each kind (vxlan, geneve, vxlan-gpe, gre-in-udp), address and port; port 0 is any free one.
    #[new]
    #[pyo3(signature = (on, receive_buffer = RECEIVE_BUFFER))]
    fn new(on: Vec<(String, String, u16)>, receive_buffer: usize) -> PyResult<Self> {
        let on = on.iter().map(parse).collect::<PyResult<Vec<_>>>()?;
        Ok(Self(Mutex::new(io::Listener::open(&on, receive_buffer)?)))
    }

    /// What is listened on, with the ports as bound.
    #[getter]
    fn on(&self) -> Vec<(&'static str, String, u16)> {
        let on = self.lock().on();
        on.iter().map(|on| (on.kind.name(), on.address.ip().to_string(), on.address.port())).collect()
    }

    /// Datagrams lost because a socket's buffer was full.
    #[getter]
    fn overflowed(&self) -> u64 {
        self.lock().overflowed()
    }

    /// Bytes of the smallest receive buffer that the kernel gave.
    #[getter]
    fn receive_buffer(&self) -> usize {
        self.lock().receive_buffer()
    }

    /// Bytes received so far.
    #[getter]
    fn position(&self) -> u64 {
        self.lock().position()
    }

    /// An address that could not be listened on and need not be; None when there is none.
    #[getter]
    fn warning(&self) -> Option<String> {
        self.lock().warning().map(str::to_owned)
    }
}

fn parse((kind, address, port): &(String, String, u16)) -> PyResult<On> {
    let kind = match kind.as_str() {
        "vxlan" => Encapsulation::Vxlan,
        "geneve" => Encapsulation::Geneve,
        "vxlan-gpe" => Encapsulation::VxlanGpe,
        "gre-in-udp" => Encapsulation::GreInUdp,
        other => {
            let hint = "vxlan, geneve, vxlan-gpe or gre-in-udp";
            return Err(UsageError::new_err((other.to_owned(), "is no kind of port", hint)));
        }
    };
    Ok(On { kind, address: SocketAddr::new(ip(address)?, *port) })
}

/// An IP address in text.
pub(super) fn ip(text: &str) -> PyResult<IpAddr> {
    text.parse().map_err(|_| UsageError::new_err((text.to_owned(), "is no IP address", "such as 127.0.0.1 or ::1")))
}
