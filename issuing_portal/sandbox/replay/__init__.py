"""`manage.py replay_purchases`: a purchase-card file driven through the product's own HTTP interfaces.

reading (the file) → onboarding (partner's side) → sending (processor's side) → reporting (the table). Nothing here touches
the database: it knows the product as a partner and a processor do. `lines` is the HTTP under all of it.
"""
