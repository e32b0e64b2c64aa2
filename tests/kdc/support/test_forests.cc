#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {

const char kTwoForests[] = R"toml(
[[domain]]
realm = "NORTH.EXAMPLE"
netbios = "NORTH"
sid = "S-1-5-21-1-1-1"
forest = "north.example"
controller = [
  { name = "n08.north.example", address = "127.0.4.1", level = "2008" },
  { name = "n08r2.north.example", address = "127.0.4.2", level = "2008R2" },
  { name = "n12.north.example", address = "127.0.4.3", level = "2012" },
  { name = "n12r2.north.example", address = "127.0.4.4", level = "2012R2" },
  { name = "n22.north.example", address = "127.0.4.5", level = "2022" },
]
account = [
  { name = "olav", password = "secret", groups = ["crew", "north readers"], upn = "olav@ships.example" },
  { name = "sensitive", password = "secret", flags = ["not_delegated"] },
  { name = "guarded", password = "secret", flags = ["protected_user"] },
  { name = "off", password = "secret", flags = ["disabled"] },
  { name = "stale", password = "secret", flags = ["password_expired"] },
  { name = "open", password = "secret", flags = ["no_preauth"] },
  { name = "web$", password = "secret", spns = ["HTTP/web.north.example"], flags = ["trusted_to_auth_for_delegation"], allowed_to_delegate_to = ["HTTP/listed.north.example", "HTTP/both.north.example"] },
  { name = "plain$", password = "secret", spns = ["HTTP/plain.north.example"], allowed_to_delegate_to = ["HTTP/listed.north.example", "HTTP/rbcd.north.example"] },
  { name = "bare$", password = "secret", spns = ["HTTP/bare.north.example"], upn = "HTTP/bare.north.example@NORTH.EXAMPLE" },
  { name = "jdoe", password = "secret", upn = "john.doe@north.example" },
  { name = "listed$", password = "secret", spns = ["HTTP/listed.north.example"] },
  { name = "rbcd$", password = "secret", spns = ["HTTP/rbcd.north.example"], allowed_to_act = ["web$", "plain$", "bare$"] },
  { name = "both$", password = "secret", spns = ["HTTP/both.north.example"], allowed_to_act = ["bare$"] },
  { name = "closed$", password = "secret", spns = ["HTTP/closed.north.example"] },
  { name = "wide$", password = "secret", spns = ["HTTP/wide.north.example"], supported_encryption_types = 0x80018 },
  { name = "nopac$", password = "secret", spns = ["HTTP/nopac.north.example"], flags = ["no_auth_data_required"] },
  { name = "trusted$", password = "secret", spns = ["HTTP/trusted.north.example"], flags = ["trusted_for_delegation"] },
]
group = [
  { name = "crew", scope = "global" },
  { name = "north readers", scope = "domain-local" },
]

[[domain]]
realm = "FJORD.NORTH.EXAMPLE"
netbios = "FJORD"
sid = "S-1-5-21-2-2-2"
forest = "north.example"
controller = [ { name = "f16.fjord.north.example", address = "127.0.4.6", level = "2016" } ]
account = [
  { name = "kari", password = "secret" },
  { name = "front$", password = "secret", spns = ["HTTP/front.fjord.north.example"], flags = ["trusted_to_auth_for_delegation"] },
  { name = "untrusted$", password = "secret", spns = ["HTTP/untrusted.fjord.north.example"], allowed_to_delegate_to = ["HTTP/x.fjord.north.example"] },
  { name = "dock$", password = "secret", spns = ["HTTP/dock.fjord.north.example"], allowed_to_act = ["NORTH\\web$"] },
]

[[domain]]
realm = "SOUTH.TEST"
netbios = "SOUTH"
sid = "S-1-5-21-3-3-3"
forest = "south.test"
controller = [
  { name = "s08.south.test", address = "127.0.4.7", level = "2008R2" },
  { name = "s12.south.test", address = "127.0.4.8", level = "2012" },
]
account = [
  { name = "sol", password = "secret" },
  { name = "back$", password = "secret", spns = ["HTTP/back.south.test"], allowed_to_act = ["NORTH\\web$", "FJORD\\front$", "NORTH\\bare$"] },
  { name = "shut$", password = "secret", spns = ["HTTP/shut.south.test"] },
]

[[domain]]
realm = "DUNE.SOUTH.TEST"
netbios = "DUNE"
sid = "S-1-5-21-4-4-4"
forest = "south.test"
controller = [ { name = "d19.dune.south.test", address = "127.0.4.9", level = "2019" } ]
account = [ { name = "dora", password = "secret" } ]

[[domain]]
realm = "REEF.DUNE.SOUTH.TEST"
netbios = "REEF"
sid = "S-1-5-21-5-5-5"
forest = "south.test"
controller = [ { name = "r22.reef.dune.south.test", address = "127.0.4.10", level = "2022" } ]
account = [ { name = "coral$", password = "secret", spns = ["HTTP/coral.reef.dune.south.test"], allowed_to_act = ["FJORD\\front$", "FJORD\\untrusted$"] } ]

[[domain]]
realm = "ISLAND.ZONE"
netbios = "ISLAND"
sid = "S-1-5-21-6-6-6"
forest = "island.zone"
controller = [ { name = "i16.island.zone", address = "127.0.4.11", level = "2016" } ]
account = [
  { name = "ines", password = "secret" },
  { name = "palm$", password = "secret", spns = ["HTTP/palm.island.zone"], allowed_to_act = ["NORTH\\web$"] },
]

[[trust]]
domains = ["NORTH.EXAMPLE", "FJORD.NORTH.EXAMPLE"]
kind = "parent-child"
password = "secret"

[[trust]]
domains = ["NORTH.EXAMPLE", "SOUTH.TEST"]
kind = "forest"
password = "secret"

[[trust]]
domains = ["SOUTH.TEST", "DUNE.SOUTH.TEST"]
kind = "parent-child"
password = "secret"

[[trust]]
domains = ["DUNE.SOUTH.TEST", "REEF.DUNE.SOUTH.TEST"]
kind = "parent-child"
password = "secret"

[[trust]]
domains = ["NORTH.EXAMPLE", "ISLAND.ZONE"]
kind = "external"
password = "secret"
)toml";

const char kOldDomain[] = R"toml(
[[domain]]
realm = "OLD.TEST"
netbios = "OLD"
sid = "S-1-5-21-7-7-7"
forest = "old.test"
allow_rc4 = true
controller = [
  { name = "o03.old.test", address = "127.0.4.12", level = "2003" },
  { name = "o12.old.test", address = "127.0.4.13", level = "2012" },
]
account = [
  { name = "ada", password = "secret" },
  { name = "web$", password = "secret", spns = ["HTTP/web.old.test"], flags = ["trusted_to_auth_for_delegation"], allowed_to_delegate_to = ["HTTP/listed.old.test"] },
  { name = "listed$", password = "secret", spns = ["HTTP/listed.old.test"] },
  { name = "rbcd$", password = "secret", spns = ["HTTP/rbcd.old.test"], allowed_to_act = ["web$"] },
]
)toml";

}  // namespace stead::kdc::test
