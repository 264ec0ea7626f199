"""What is said: one module a command, `(FactBase, arguments) -> Reply`, pure."""
