"""Application-aware quotas: how much is used of them, and which pods there is room for.

``world`` is what is seen, ``decision`` lets pods go and counts, ``controller`` keeps it so.
"""
