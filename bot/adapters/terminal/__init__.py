"""Where it is said: a terminal, as plain or coloured text, and Markdown for elsewhere."""
