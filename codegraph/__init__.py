"""codegraph: the words of a note into the right code, a set of codes into a defensible claim."""

__version__ = "0.1.0"
