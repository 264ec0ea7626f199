"""How fast and how small the bot is: `python -m benchmarks`, see benchmarks/README.md."""
