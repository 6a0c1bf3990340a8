"""Room for manufacturing and shipping (bureaus, batches, parcels); nothing is here until it works."""
