#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_encrypted_data)
