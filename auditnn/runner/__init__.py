"""From a subject to an audit: the plan, the run, the row table, and what it ran on."""

from auditnn.runner.execution import run
from auditnn.runner.planning import Step, plan

__all__ = ["Step", "plan", "run"]
