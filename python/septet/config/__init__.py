"""The configuration file: typed structures, and `load`, which reports everything that is wrong at once."""
