"""The daily rollups, by the table they are made of. Each module gives frames by the rollup's name."""
