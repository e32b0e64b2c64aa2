#include "sspi_shim/protocol/messages/kdc_proxy_message.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_kdc_proxy_message)
