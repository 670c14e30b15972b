"""Text to ranked concepts."""
