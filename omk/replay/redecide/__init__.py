"""Re-decision: the controller of today asked again at each choice that was recorded."""
