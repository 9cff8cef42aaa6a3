"""Templates of machines: whether each can be filled in, and requests to make one of a machine.

``controller`` and ``requests`` keep the two kinds, ``making`` turns a machine into a template.
"""
