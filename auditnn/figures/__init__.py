"""Exhibits drawn as Vega-Lite: one file per kind, one palette, one type scale. A figure never calculates."""
