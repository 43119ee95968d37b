"""Screens of the staff's workplace."""
