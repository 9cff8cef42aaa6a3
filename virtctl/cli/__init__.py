"""Arguments in, Outcome out; no business rules."""
