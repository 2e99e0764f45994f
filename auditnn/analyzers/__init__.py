"""One question per file. `catalog.py` lists them; `docs/analyzers.md` describes each."""
