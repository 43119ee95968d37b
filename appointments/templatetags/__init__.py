"""Filters and tags of the screens."""
