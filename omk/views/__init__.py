"""Documents made into styled lines and Markdown; nothing here knows a terminal."""
