#include "sspi_shim/protocol/messages/ticket.h"
#include "tests/fuzz/fuzz_roundtrip.h"

STEAD_FUZZ_ROUND_TRIP(decode_enc_ticket_part)
