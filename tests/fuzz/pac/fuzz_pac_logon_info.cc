#include "sspi_shim/protocol/pac/pac_logon_info.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_pac_logon_info)
