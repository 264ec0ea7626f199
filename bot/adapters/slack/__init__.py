"""Slack: where it is said. The only code that knows Slack's API or imports its libraries."""
