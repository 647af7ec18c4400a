"""The runner of the benchmarks. Start reading at main.py."""
