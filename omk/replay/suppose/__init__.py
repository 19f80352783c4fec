"""Suppositions: histories that did not happen. Nothing in here can be stored or issued as a proof."""
