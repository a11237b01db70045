"""Threads, event loops, signals, forks and ends."""
