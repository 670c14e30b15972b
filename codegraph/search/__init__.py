"""Text to ranked concepts: the words of a note against every wording of the code set.

text.py      words of a text, singulars, sound keys
lexicon.py   our curated wordings (data/lexicon) → readings in the words of the code set
compile.py   concepts + lexicon → the index as bytes (part of the snapshot)
index.py     the opened index: vocabulary, postings, entries
correct.py   a word that is not in the vocabulary → words that are
tokens.py    the words of a query → the words of the vocabulary they may stand for
query.py     a query → slots, each with alternative readings
retrieve.py  slots → the entries that have enough of them
standing.py  what is known of an entry before any query
rank.py      entries → scores
choose.py    a found row → the code that it leads to
gather.py    while typing: kinds of a thing instead of ten of one kind
explain.py   by which readings the best entry was found
engine.py    all of it: text → ranked concepts, with what matched and why
params.py    every number that ranking depends on
"""

import os

# The sums of one query are small: a second thread for them costs more than it gives, and more yet
# where another process has its core. To be said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
