"""Card taps: decided, booked and explained; clearing, reversal and refund."""
