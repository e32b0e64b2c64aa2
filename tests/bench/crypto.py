"""Our cryptography and libk5crypto's, call by call, on the 1.4 kB of a ticket with a PAC."""
# bench: TARGETS crypto_bench

import os
import sys

from samples.support import foreign

program = foreign.BUILD / "tests" / "bench" / "crypto_bench"
os.execv(program, [str(program), *(sys.argv[1:] or ["--benchmark_filter=etype:18"])])
