"""Figures that `make bench` prints, as ratios measured in one run, beside their goals."""
