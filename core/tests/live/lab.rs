//! Two network namespaces with a cable between them.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

/// 10.9.0.1 and fd00:9::1 on `veth0` in `a`, the same with 2 in `b`. Gone with all in it when dropped.
pub struct Lab {
    pub a: String,
    pub b: String,
}

impl Lab {
    /// `None`, having said why, where namespaces can't be made.
    pub fn new(name: &str) -> Option<Self> {
        let [a, b] = ["a", "b"].map(|end| format!("tmrx-{}-{name}-{end}", std::process::id()));
        let lab = Self { a, b };
        if !run(&format!("netns add {}", lab.a)) {
            eprintln!("skipped: needs root, iproute2 and network namespaces");
            return None;
        }
        assert!(run(&format!("netns add {}", lab.b)));
        lab.ip(&format!("link add veth0 type veth peer name veth0 netns {}", lab.b));
        lab.ip("link set lo up");
        lab.address("veth0", 9);
        Some(lab)
    }

    /// Give both ends addresses, 10.NET.0.1 and .2, and so on.
    pub fn address(&self, interface: &str, net: u8) {
        for (host, end) in [(1, &self.a), (2, &self.b)] {
            assert!(run(&format!("-n {end} address add 10.{net}.0.{host}/24 dev {interface}")));
            assert!(run(&format!("-n {end} address add fd00:{net}::{host}/64 dev {interface} nodad")));
            assert!(run(&format!("-n {end} link set {interface} up")));
        }
    }

    /// `ip` in `a`.
    pub fn ip(&self, arguments: &str) {
        assert!(self.try_ip(arguments), "ip {arguments}");
    }

    /// `ip` in `a`; false where it fails.
    pub fn try_ip(&self, arguments: &str) -> bool {
        run(&format!("-n {} {arguments}", self.a))
    }

    /// `ip` in `b`.
    pub fn ip_b(&self, arguments: &str) {
        assert!(run(&format!("-n {} {arguments}", self.b)), "ip {arguments}");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for end in [&self.a, &self.b] {
            run(&format!("netns del {end}"));
        }
    }
}

fn run(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Do something in a namespace; sockets that are opened there stay there.
pub fn within<T: Send>(namespace: &str, act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let file = File::open(format!("/run/netns/{namespace}")).unwrap();
            // SAFETY: a descriptor that is open; only this thread changes over.
            assert_eq!(unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) }, 0);
            act()
        });
        thread.join().unwrap()
    })
}

/// A tun device, which is there as long as the file is open; `None` where there are none.
pub fn tun(name: &str) -> Option<File> {
    const TUNSETIFF: u64 = 0x4004_54ca;
    const TUN_WITHOUT_HEADER: u16 = 0x1001;
    let file = File::options().read(true).write(true).open("/dev/net/tun").ok()?;
    let mut request = [0u8; 40];
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[16..18].copy_from_slice(&TUN_WITHOUT_HEADER.to_ne_bytes());
    // SAFETY: `request` is a struct ifreq, which the call reads and writes.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), TUNSETIFF as _, request.as_mut_ptr()) };
    (result == 0).then_some(file)
}
