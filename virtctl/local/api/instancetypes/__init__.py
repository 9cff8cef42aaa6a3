"""Room: what instancetypes and preferences make of a machine. Documents in, documents out.

matching → revisions → (resources | preferring | requirements) → expansion; inference stands beside.
Reference: api.md §1.4.
"""
