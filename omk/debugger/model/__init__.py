"""What the debugger knows, without any terminal: position, verdict changes, breakpoints, search, suppositions."""
