"""The report: one HTML file that opens anywhere, fetches nothing, and traces every number to a measurement."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from auditnn.core.audit import Audit
from auditnn.figures.static import dark_rules
from auditnn.figures.theme import FONT, STATUS, SURFACES, TINTS, config
from auditnn.policy.finding import Findings
from auditnn.policy.verdict import by_rule
from auditnn.report import names, traced
from auditnn.report.cards import STATUS_TONES, card, finder, row
from auditnn.report.live import runtime, security_policy, source_hash
from auditnn.report.pictures import script_json
from auditnn.report.ranking import SHOWN, attention, tally
from auditnn.report.reproduce import environment_rows, recipe, setting_rows
from auditnn.report.subject_card import rows_told, subject_card
from auditnn.report.verdict import TONES, facts, headline
from auditnn.report.view import View, gather
from auditnn.report.writable import writable

TEMPLATES = Path(__file__).parent / "templates"


def render(audit: Audit, findings: Findings, *, live: bool = True) -> str:
    """The audit and what a policy says about it, as one self-contained page.

    `live` embeds the Vega runtime (about 0.4 MB packed), which redraws the figures to the reader's screen; without
    it, or with scripts off, they are still pictures with native tooltips.
    """
    view = gather(audit, findings)
    drawn = any(block.live for chapter in view.chapters for block in chapter.blocks)
    engine = runtime() if live and drawn else None
    environment = _environment()
    style = environment.get_template("style.css").render(_colors())
    script = environment.get_template("page.js").render()
    scripts = [source_hash(script), *([engine.digest] if engine else [])]
    content = _content(audit, findings, view)
    page = environment.get_template("report.html").render(
        **content,
        style=Markup(style),
        script=Markup(script),
        security=security_policy(scripts, source_hash(style)),
        packed=engine.packed if engine else None,
        figure_config=script_json(config("light")),
    )
    return writable(page)


def _content(audit: Audit, findings: Findings, view: View) -> dict[str, Any]:
    """Everything that the templates show."""
    find = finder(audit)
    asking = by_rule(attention(findings))
    applying = [one for one in view.rules if one.status != "not_applicable"]
    word, sentence = headline(findings)
    return {
        "audit": audit,
        "findings": findings,
        "view": view,
        "subject": audit.subject,
        "facts": facts(audit),
        "rows_told": rows_told(audit.subject),
        "subject_card": subject_card(audit.subject),
        "word": word,
        "sentence": sentence,
        "tone": TONES[findings.verdict],
        "tally": tally(one for one in findings.findings if not one.advisory),
        "advice": sum(one.advisory and one.status in ("fail", "unsure") for one in findings.findings),
        "waived": sum(one.waived for one in findings.findings),
        "cards": [card(group, find) for group in asking[:SHOWN]],
        "asking": len(asking),
        "rule_groups": [[row(one, find(one)) for one in group] for group in by_rule(applying)],
        "unasked": [one for one in view.rules if one.status == "not_applicable"],
        "recipe": recipe(audit, findings),
        "setting_rows": setting_rows(audit),
        "environment_rows": environment_rows(audit),
    }


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Templates with everything escaped and every unknown name an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(names=names, traced=traced, status_tones=STATUS_TONES)
    environment.filters["raw_json"] = lambda value: json.dumps(value, default=str)
    return environment


def _colors() -> dict[str, Any]:
    return {
        "surfaces": SURFACES,
        "status": STATUS,
        "tints": TINTS,
        "font": FONT,
        "dark_rules": dark_rules,
    }
