"""The benchmark: our server beside its peers and beside hand-written SQL, on one synthetic record, equal answers first."""
