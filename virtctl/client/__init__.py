"""The only HTTP and websocket client code."""
