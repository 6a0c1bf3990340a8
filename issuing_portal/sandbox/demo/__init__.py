"""The demo programme of `make run`: a seeded generator of our own, shaped like a purchase-card file, by our own operations.

people (who may sign in) · cast (names, merchants, departments) · stage (cardholders, accounts, cards) · spending (weeks of
taps) · scene (all of it in one transaction). Nothing in it is about a real person or purchase.
"""
