#include "sspi_shim/protocol/messages/kpasswd_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_enc_krb_priv_part)
