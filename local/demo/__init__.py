"""The demo: real buyers, real orders, a simulated audience."""
