"""What is not collected: scripts that make golden files need libraries that cannot stand beside ours."""

from __future__ import annotations

collect_ignore_glob = ["golden/*.py"]
