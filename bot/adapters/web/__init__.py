"""The web playground: a reply as HTML, and the one page that asks for it."""
