"""Text that a page may hold: no control characters, no marks that turn the reading direction, no lone surrogates.

A name with any of these could look like another name, or break a terminal that shows the page's source.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
UNWRITABLE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # C0 except tab and newline, delete, C1
    "\\u202a-\\u202e\\u2066-\\u2069"  # embeddings, overrides and isolates of reading direction
    "\\ud800-\\udfff]"  # surrogates, which no UTF-8 holds
)
JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
SHORT_ESCAPES = ("\\b", "\\f", "\\r")


def writable(text: str) -> str:
    r"""The text with U+FFFD for each character that a page may not hold.

    >>> writable("a\x07b\u202ec") == "a\ufffdb\ufffdc"
    True
    """
    return UNWRITABLE.sub(REPLACEMENT, text)


def writable_json(text: str) -> str:
    r"""JSON whose strings hold none of them either, written out or escaped.

    >>> writable_json(r'["a\u0007b", "c\\u0007", "d\n"]') == r'["a%sb", "c\\u0007", "d\n"]' % REPLACEMENT
    True
    """
    return JSON_ESCAPE.sub(_escape, writable(text))


def _escape(found: re.Match[str]) -> str:
    code = found.group(1)
    unwritable = found.group() in SHORT_ESCAPES or (code is not None and UNWRITABLE.match(chr(int(code, 16))))
    return REPLACEMENT if unwritable else found.group()
