"""Import of cards from a file: read onto the staging table, checked, shown, and only then written."""
