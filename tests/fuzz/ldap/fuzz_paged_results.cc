#include "kdc/ldap/wire/ldap_reply.h"
#include "tests/fuzz/fuzz_roundtrip.h"

namespace stead {
using kdc::decode_paged_results;
}

STEAD_FUZZ_ROUND_TRIP(decode_paged_results)
