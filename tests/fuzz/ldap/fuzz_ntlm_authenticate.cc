#include "kdc/ldap/wire/ntlm_messages.h"
#include "tests/fuzz/fuzz_roundtrip.h"

namespace stead {
using kdc::decode_ntlm_authenticate;
}

STEAD_FUZZ_ROUND_TRIP(decode_ntlm_authenticate)
