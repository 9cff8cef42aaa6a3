"""The containerized data importer: DataVolumes and what surrounds them.

The controllers decide which claims are made and what is to be put into them; the node's
``fillings`` do the work and tell of it by the claims' annotations.
"""
