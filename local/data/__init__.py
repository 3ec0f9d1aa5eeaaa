"""What the demo ships: see README.md beside this file."""
