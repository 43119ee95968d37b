"""`manage.py demo`: the whole system on one machine, watched over by one process (design §3)."""
