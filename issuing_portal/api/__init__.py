"""What every API view shares: authentication, problems, pagination, throttles, schema. No models."""
