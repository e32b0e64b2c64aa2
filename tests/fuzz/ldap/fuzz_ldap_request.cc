#include "kdc/ldap/wire/ldap_request.h"
#include "tests/fuzz/fuzz_roundtrip.h"

namespace stead {
using kdc::decode_ldap_request;
}

STEAD_FUZZ_ROUND_TRIP(decode_ldap_request)
