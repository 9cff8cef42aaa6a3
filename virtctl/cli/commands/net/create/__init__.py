"""Networks made from flags."""
