"""The guest agent as messages."""
