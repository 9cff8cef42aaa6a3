"""``create`` group: manifests from flags."""
