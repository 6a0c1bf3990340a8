"""Foundations: money, ids, states, errors, operations, jobs, crypto, signing, logs. No models, no views."""
