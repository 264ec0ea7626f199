"""When it is said: schedules, watches, and the delivery of a reply to a channel exactly once."""
