"""What the debugger shows: the model as lines of text, pure, for a terminal of any size."""
