"""``local``: the embedded control plane of this machine; ours alone, kept apart from the rest."""
