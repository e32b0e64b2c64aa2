#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_pa_enc_ts_enc)
