"""How any controller runs.

``informer`` lists and watches, ``queue`` holds the keys of objects to look at, ``reconcile`` loops:
observe, decide (pure), carry out. What a decision says is a tuple of ``changes``; ``events`` turns
announcements into Event objects. ``conditions``, ``owners``, ``times`` and ``podmanifest`` are pure
helpers of decisions.
"""
