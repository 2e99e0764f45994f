"""The live layer: the Vega runtime, once, packed; and the policy that lets nothing else run.

The page holds the runtime compressed (a third of its size) and unpacks it itself; where that is not possible, or
scripts are off, the still pictures stay. The content security policy names the exact hash of each script and of the
style sheet, and allows no network at all.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from functools import lru_cache
from typing import NamedTuple

from auditnn.figures.static import VEGA_LITE

SNIPPET = "window.vegaEmbed = vegaEmbed;"


class Runtime(NamedTuple):
    """Vega, Vega-Lite and Vega-Embed in one script: packed (base64 of gzip), and the hash of what it unpacks to."""

    packed: str
    digest: str


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The bundle that vl-convert carries. About 1.5 s in each process that writes a report, 0.9 MB unpacked."""
    import vl_convert

    source: str = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    content = source.encode()
    packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
    return Runtime(packed, source_hash(source))


def source_hash(text: str) -> str:
    """How a content security policy names an inline script or style.

    >>> source_hash("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def security_policy(scripts: list[str], style: str) -> str:
    """Nothing from anywhere; exactly these scripts and this style sheet; pictures only from inside the page."""
    allowed = " ".join(f"'{digest}'" for digest in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{style}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
