"""Sans-I/O protocol shared by client and server."""
