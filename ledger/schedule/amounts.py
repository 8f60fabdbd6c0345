"""A sum in instalments, exactly."""

MOST_DUES = 1200  # a hundred years of months; beyond it somebody mistyped


def split(total: int, instalment: int, *, down: int = 0, rest_first: bool = False, merge_below: int = 0) -> list[int]:
    """``total`` minor units in instalments of ``instalment``; none is zero, and they sum to it exactly.

    ``down`` comes first, as an instalment of its own, unless one instalment pays all. What is left over is the last
    instalment, or with ``rest_first`` the first after the down payment; below ``merge_below`` it joins its neighbour.
    Raises ValueError for amounts that are not positive or more instalments than a lifetime holds.
    """
    if total <= 0 or instalment <= 0 or down < 0:
        raise ValueError("total and instalment must be more than nothing")
    if instalment >= total or down >= total:
        return [total]
    whole, rest = divmod(total - down, instalment)
    if whole > MOST_DUES:
        raise ValueError(f"{whole} instalments are too many")
    amounts = [instalment] * whole
    if rest and whole and rest < merge_below:
        amounts[0 if rest_first else -1] += rest
    elif rest:
        amounts.insert(0 if rest_first else whole, rest)
    return [down, *amounts] if down else amounts
