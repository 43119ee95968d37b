"""The demo clinic: made-up data for a look around, for screenshots and for scripts (design §3, "Demo data").

Persons and their papers are the same in every demo; every guid is uuid5 of (guid of the own LPU, what it is).
"""
