"""omk drives coding agents on a git repository and keeps every step as an event: a goal goes from prompt to proof to replay."""
