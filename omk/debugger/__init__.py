"""The time-travel debugger: a model of where one stands in a history, and a terminal that draws it."""
