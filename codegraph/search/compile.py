from pathlib import Path
from codegraph.concepts import Concepts
def build_index(concepts: Concepts, data: Path) -> bytes:
    return b""
