"""What the suite does: one module for each thing, called by one Lambda function.

A use case takes a request that was checked at the door and the `Services` it needs, and returns
what its caller is told. It may be run again at any point: whatever it did the first time is found
and kept.
"""
