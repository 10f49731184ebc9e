"""What lies on disk: files written whole or not at all, jobs, run records, results, the ledger, the seed."""
