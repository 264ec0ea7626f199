"""Public data sets as fact bases, so that figures do not rest on made-up words alone; see README.md."""
