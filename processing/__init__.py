"""From samples to metrics and flags: kernels, rules, and the one pipeline that is used live and offline."""
