"""From records to rows: what a goal's events become in each stored table, by the real fold."""
