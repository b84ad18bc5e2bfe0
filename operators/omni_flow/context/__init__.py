"""What a model still has in its context: budgets, sliding windows, the token log and the cache to rebuild."""
