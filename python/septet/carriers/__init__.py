"""Outbound links: connect, bind, back off, pace."""
