"""The client's ticket cache: hits among 100,000 tickets by 16 threads at once."""
# bench: TARGETS client_bench

import sys

from samples.support import foreign
from tests.support import bench_forest

ENTRIES, THREADS = 100_000, 16
GOAL = 5.0  # microseconds, p50

ran = foreign.Program(str(foreign.BUILD / "tests/bench/client_bench")).run("cache", ENTRIES, THREADS, timeout=300)
got = bench_forest.numbers(ran)
print(f"  {'entries':>8} {'threads':>8} {'hits':>8} {'misses':>7} {'p50 us':>8} {'p99 us':>8} {'CPU us':>8} {'hits/s':>10}")
print(f"  {got['entries']:8.0f} {THREADS:8} {got['hits']:8.0f} {got['misses']:7.0f} {got['p50_us']:8.2f} {got['p99_us']:8.2f} "
      f"{got['cpu_us']:8.2f} {got['hits_per_second']:10.0f}")
met = got["p50_us"] <= GOAL and got["misses"] == 0
print(f"  goal: p50 at most {GOAL} us and no miss: {'met' if met else 'MISSED'}")
sys.exit(not met)
