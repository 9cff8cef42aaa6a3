"""Values to text; returns strings, never writes."""
