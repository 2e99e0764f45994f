"""The front door: the public Subject, Audit and Findings, and the verbs that join them."""

from auditnn.front.audit import Audit
from auditnn.front.findings import Findings
from auditnn.front.subject import Subject, load
from auditnn.front.verbs import judge, run

__all__ = ["Audit", "Findings", "Subject", "judge", "load", "run"]
