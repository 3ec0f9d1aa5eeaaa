"""HTML for people: the report of a run, and the inbox."""
