"""Who may do what: users, sessions, keys, roles, and the audit log of all changes."""
