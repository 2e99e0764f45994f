"""The nouns of auditnn as plain frozen records. Standard library and numpy only."""
