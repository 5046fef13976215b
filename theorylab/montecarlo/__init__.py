"""The Monte Carlo bench: streams, mergeable moments, the engine, the ledger and the executors."""
