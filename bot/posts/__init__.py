"""When it is said: schedules, watches, the delivery of a reply to a channel exactly once."""
