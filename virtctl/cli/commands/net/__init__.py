"""Commands about networks of machines and nodes."""
