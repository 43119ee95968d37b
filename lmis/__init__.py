"""The project, and the clinic itself: its LPUs, doctors, dictionaries and API clients."""
