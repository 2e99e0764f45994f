"""One linear layer on the breast-cancer table."""
