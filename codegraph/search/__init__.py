"""Text to ranked concepts: the words of a note against every wording of the code set.

text.py      words of a text, singulars, sound keys
lexicon.py   our curated wordings (data/lexicon) → readings in the words of the code set
compile.py   concepts + lexicon → the index as bytes (part of the snapshot)
index.py     the opened index: vocabulary, postings, entries
correct.py   a word that is not in the vocabulary → words that are
query.py     a query → slots, each with alternative readings
engine.py    slots → ranked concepts, with what matched and why
params.py    every number that ranking depends on
"""

import os

# The sums of one query are small: a second thread for them costs more than it gives, and more yet
# where another process has its core. To be said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
