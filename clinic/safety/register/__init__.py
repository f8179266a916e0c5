"""The register of what authorities asked for: who, on what ground, what was given. Its yearly counts are public."""
