"""The region in a box: a MIP, patient tokens and a small central service on real HTTP.

A development tool and a process of its own (`python -m sandbox`). It speaks the contract over HTTP and
imports nothing of the clinic's system, so that both sides can be wrong independently.
"""
