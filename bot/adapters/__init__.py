"""Where it is said: one package a platform, the only code that knows a platform."""
