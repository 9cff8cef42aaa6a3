"""What the API server means, without HTTP."""
