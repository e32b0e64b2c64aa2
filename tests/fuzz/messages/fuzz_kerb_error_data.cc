#include "sspi_shim/protocol/messages/krb_error.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_kerb_error_data)
