"""Ways to attribute and to attack: model inputs in, per-row arrays out. Plain functions, usable without an audit."""
