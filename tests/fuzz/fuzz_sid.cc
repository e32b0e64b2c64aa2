#include "sspi_shim/protocol/sid.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_sid)
