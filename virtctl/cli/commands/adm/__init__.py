"""``adm``: what only an administrator of KubeVirt may do."""
