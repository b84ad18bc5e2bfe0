"""The model without weights: it perceives, decides by the rules of a script, and speaks with a small voice."""
