"""What was generated against what was heard: the player's ledger, marks, and who talks over whom."""
