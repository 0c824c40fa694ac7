"""What stands behind --full: whole tables, for those who want every number."""
