#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_pa_for_user)
