#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_enc_kdc_rep_part)
