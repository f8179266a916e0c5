"""Self-test kits: ordered discreetly, routed to a point with stock, handed over without a name."""
