"""From a subject to an audit: the plan, the run, the row table, and what it ran on."""

from auditnn.runner.plan import Step, plan
from auditnn.runner.run import run

__all__ = ["Step", "plan", "run"]
