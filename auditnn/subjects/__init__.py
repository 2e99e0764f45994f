"""What is audited: models and data of every kind brought into one form, and the path all model calls take."""
