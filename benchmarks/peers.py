"""Other search engines over the same wordings: SQLite FTS5 and tantivy, for comparison only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

import tantivy

from codegraph.concepts import Concepts
from codegraph.search.text import words

Search = Callable[[str], list[str]]
Wordings = list[tuple[str, str]]


def wordings(concepts: Concepts) -> Wordings:
    """Return (code, wording) of every ICD-10-CM title and inclusion term below the sections."""
    tables = concepts.tables
    found = []
    for row, (system, kind) in enumerate(zip(tables.systems, tables.kinds, strict=True)):
        if system != "icd10cm" or kind in ("chapter", "section"):
            continue
        texts = [tables.displays[row], *concepts.notes(row).get("inclusion_terms", ())]
        found += [(tables.codes[row], text) for text in texts]
    return found


def _distinct(codes: list[str]) -> list[str]:
    return list(dict.fromkeys(codes))[:10]


def fts5(entries: Wordings) -> Search:
    """SQLite FTS5, unicode61, BM25; any word counts, the last one is a beginning."""
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table t using fts5(code unindexed, text, prefix='2 3')")
    db.executemany("insert into t values (?, ?)", entries)

    def search(query: str) -> list[str]:
        given = words(query)
        if not given:
            return []
        terms = [f'"{w}"' for w in given[:-1]] + [f'"{given[-1]}"*']
        ask = "select code from t where t match ? order by rank limit 40"
        for joined in (" AND ".join(terms), " OR ".join(terms)):
            found = [code for (code,) in db.execute(ask, (joined,))]
            if found:
                return _distinct(found)
        return []

    return search


def tantivy_bm25(entries: Wordings, *, fuzzy: bool) -> Search:
    """tantivy, BM25; with `fuzzy` each word may be one edit off and the last is a beginning."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("code", stored=True, tokenizer_name="raw")
    builder.add_text_field("text")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer()
    for code, text in entries:
        writer.add_document(tantivy.Document(code=[code], text=[text]))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(query: str) -> list[str]:
        given = re.findall(r"[a-z0-9]+", query.lower())
        if not given:
            return []
        if fuzzy:
            parts = [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.fuzzy_term_query(
                        schema, "text", w, distance=1 if len(w) > 3 else 0, prefix=w is given[-1]
                    ),
                )
                for w in given
            ]
            asked = tantivy.Query.boolean_query(parts)
        else:
            asked = index.parse_query(" ".join(given), ["text"])
        hits = searcher.search(asked, 40).hits
        return _distinct([str(searcher.doc(address)["code"][0]) for _, address in hits])

    return search
