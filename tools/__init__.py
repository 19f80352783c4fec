"""What builders of omk run and users never need."""
