"""Small subjects to audit, trained here; some have planted faults. See docs/samples.md."""
