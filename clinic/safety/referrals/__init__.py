"""One-time codes with which one organization sends somebody to another, without a name on the way."""
