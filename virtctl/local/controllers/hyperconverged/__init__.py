"""The HyperConverged object: its settings made KubeVirt's and AAQ's, and its status kept true.

``configuration`` translates, ``controller`` keeps it so.
"""
