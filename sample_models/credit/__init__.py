"""Loan applications with a planted bias and imbalance."""
