"""What AWS carries from one resource to another, in virtual time and always the same way."""
