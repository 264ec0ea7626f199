"""What is known: records, dates, names, YAML, checks, the snapshot and its queries."""
