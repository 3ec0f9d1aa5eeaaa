"""The embedded AWS: the stack of template.yaml on one machine, in virtual time."""
