"""The domain: what sees, hears, decides, speaks and plays, as operators; and the pipelines made of them."""
