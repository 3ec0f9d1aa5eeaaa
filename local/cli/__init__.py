"""The command line: `python -m local`."""
