"""``credentials``: keys and passwords that the guest agent gives to users of a machine."""
