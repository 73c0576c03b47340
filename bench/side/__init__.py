"""Septet beside its peers and its floors: the same work, in one run, in turn and repeated.

`python -m bench.side --help` runs it; one file for each idea.
"""
