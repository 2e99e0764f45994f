"""The report: one self-contained HTML file out of an audit and its findings. Right of the wall: no model needed."""
