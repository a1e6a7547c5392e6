"""The daily rollups, by the table they are made of. Each module gives queries by the rollup's name."""
