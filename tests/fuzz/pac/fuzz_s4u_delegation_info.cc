#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_s4u_delegation_info)
