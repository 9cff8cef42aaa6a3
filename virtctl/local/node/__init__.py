"""The node agent: the only importer of launcher."""
