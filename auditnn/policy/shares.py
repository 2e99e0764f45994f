"""Shares of people in words that say whom they are taken of, and what happens to them."""

from __future__ import annotations

from collections.abc import Sequence

# Of whom a rate is taken (nothing: of all), and what it counts; the names are the field's standard ones.
RATES = {
    "selection_rate": ("", "predicted {}"),
    "true_positive_rate": ("labelled {}", "predicted {}"),
    "false_positive_rate": ("not labelled {}", "predicted {}"),
    "false_negative_rate": ("labelled {}", "not predicted {}"),
    "precision": ("predicted {}", "labelled {}"),
}


def shares_in_words(rate: str, outcome: str, shares: Sequence[tuple[str, str]], attribute: str = "") -> str | None:
    """Each share with the group that it is of ("": of all), as one sentence; None for a rate without such words.

    >>> shares_in_words("true_positive_rate", "repaid", [("77.5%", "female"), ("89.7%", "male")], "sex")
    'Of those labelled repaid, 77.5% of female and 89.7% of male (sex) are predicted repaid'
    >>> shares_in_words("selection_rate", "repaid", [("78.1%", "")])
    '78.1% are predicted repaid'
    """
    if rate not in RATES:
        return None
    of_whom, event = (words.format(outcome) for words in RATES[rate])
    those = " and ".join(f"{share} of {group}" if group else share for share, group in shares)
    behind = f" ({attribute})" if attribute else ""
    return f"{f'Of those {of_whom}, ' if of_whom else ''}{those}{behind} are {event}"
