"""What a run did: kept, compared, explained."""
