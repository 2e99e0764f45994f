"""How often the judge is wrong: simulated at the least favorable truth."""
