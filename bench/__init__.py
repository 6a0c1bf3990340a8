"""The benchmark of the tap path (`make bench`; README.md): not part of the product, and imported by nothing of it."""
