"""The command line: one short file per verb."""

from auditnn.cli.main import main

__all__ = ["main"]
