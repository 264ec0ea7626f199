"""Storms: processes that post, killed and stopped at random, before chats that fail in every way."""
