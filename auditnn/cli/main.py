"""`auditnn`: the verbs, and how errors become one clear message and an exit code.

Exit codes, in order of precedence: 4 an internal error; 2 bad usage or bad input; 1 a gating rule failed; 3 a
required rule was not measured, or a gating required one is unsure where it demands to be surely within; 0 otherwise.
"""

from __future__ import annotations

import io
import os
import sys
import traceback

import typer

from auditnn.cli import doctor, explain, gate, init, listing, report
from auditnn.cli import run as run_verb
from auditnn.cli.console import printable
from auditnn.core.errors import AuditnnError

BAD_INPUT, INTERNAL, INTERRUPTED = 2, 4, 130

app = typer.Typer(
    name="auditnn",
    help="Audit a neural network: what did we measure, how sure are we, and what should you do about it?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", short_help="Audit a subject and write a run folder.")(run_verb.run)
app.command("explain", short_help="Explain one row, and check the explanations.")(explain.explain)
app.command("gate", short_help="Judge a saved run; the exit code is the answer.")(gate.gate)
app.command("report", short_help="Write the report of a saved run again.")(report.report)
app.add_typer(listing.app, name="list")
app.command("init", short_help="Draft a subject file from a model file and a table.")(init.init)
app.command("doctor", short_help="Check this installation.")(doctor.doctor)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"auditnn {installed('auditnn')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; never shows a traceback unless AUDITNN_DEBUG is set."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a character gets a question mark for it
            stream.reconfigure(errors="replace")
    try:
        app()
    except AuditnnError as error:
        _stop(f"Error: {error}", BAD_INPUT)
    except KeyboardInterrupt:
        _stop("Stopped.", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except SystemExit:
        raise
    except BaseException as error:  # the last line of defence: a fault of ours, said plainly
        if os.environ.get("AUDITNN_DEBUG"):
            traceback.print_exc()
        _stop(
            f"Internal error: {type(error).__name__}: {error}\nThis is a fault of auditnn, not of your input. "
            "Set AUDITNN_DEBUG=1 and run again for the details to report.",
            INTERNAL,
        )


def _stop(message: str, code: int) -> None:
    sys.stdout.flush()
    for line in message.splitlines():
        print(printable(line), file=sys.stderr)
    sys.exit(code)
