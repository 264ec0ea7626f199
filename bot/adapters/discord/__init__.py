"""Where it is said: Discord. Only this package imports the `discord` library; `render` does without it."""
