SELECT code, sentence, owner, command FROM stored.rules
