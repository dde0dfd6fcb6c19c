#![allow(clippy::all, clippy::unwrap_used, clippy::disallowed_methods)]
use tmrx_core::{detect::Rules, plan::Plan};
fn rss() -> u64 {
    std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4
}
fn main() {
    let p = Plan::decode(&std::fs::read("/tmp/gate/et.plan").unwrap()).unwrap();
    let r0 = rss();
    let t = std::time::Instant::now();
    let r = Rules::new(&p.rules).unwrap();
    println!("{} rules {:?} {} KiB, interpreted {}", r.len(), t.elapsed(), rss() - r0, r.interpreted_patterns());
    let s = format!("{r:?}");
    println!("groups {} classes {}", s.matches("Group {").count(), s.matches("Class {").count());
}
