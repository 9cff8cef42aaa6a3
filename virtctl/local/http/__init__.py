"""HTTP façade over ApiService."""
