"""The MIP (master patient index): the region's side of a card. Contract §4 is written here and nowhere else."""
