#include "sspi_shim/protocol/messages/ap_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_gss_checksum)
