"""What `kontor check` finds in a manifest before anything is called."""
