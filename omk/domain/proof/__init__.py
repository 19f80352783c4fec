"""The proof: rules as data, why they do not hold, and since when."""
