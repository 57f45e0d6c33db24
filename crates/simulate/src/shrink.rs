//! How a schedule that fails is made short.

/// The fewest actions found that still fail, in their order. Only those that `may_go` are left out.
pub fn shrink<A: Clone>(
    actions: &[A],
    may_go: impl Fn(&A) -> bool,
    fails: impl Fn(&[A]) -> bool,
) -> Vec<A> {
    let mut best = actions.to_vec();
    let mut chunk = best.len().div_ceil(2);
    while chunk > 0 {
        let mut from = 0;
        let mut shorter = false;
        while from < best.len() {
            let to = (from + chunk).min(best.len());
            let mut index = 0;
            let mut candidate = best.clone();
            candidate.retain(|action| {
                index += 1;
                !(from..to).contains(&(index - 1)) || !may_go(action)
            });
            if candidate.len() == best.len() {
                break;
            }
            if fails(&candidate) {
                best = candidate;
                shorter = true;
            } else {
                from = to;
            }
        }
        if !shorter || chunk > 1 {
            chunk /= 2;
        }
    }
    best
}
