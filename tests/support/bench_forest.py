"""The two forests that the client's benchmarks ask: many users, a target in their domain and one in another forest."""

USERS = 400
REALM = "BENCH.EXAMPLE"
FRONT_END = f"HTTP/front.bench.example@{REALM}"
NEAR = "HTTP/near.bench.example"
FAR = "HTTP/far.other.example"


def text(second_dc=False):
    """The forest file. With a second DC: dc2 serves the first domain as well. krbtgt has a password, so that DCs in processes of their
    own take each other's tickets, as those of one domain do."""
    users = "\n".join(f'  {{ name = "user{i}", password = "Passw0rd!" }},' for i in range(USERS + 1))
    second = """
[[domain.controller]]
name    = "dc2.bench.example"
address = "127.0.71.2"
level   = "2016"
""" if second_dc else ""
    return f"""
[[domain]]
realm   = "{REALM}"
netbios = "BENCH"
sid     = "S-1-5-21-71-72-73"
forest  = "bench.example"
account = [
{users}
  {{ name = "krbtgt", password = "krbtgt" }},
  {{ name = "front$", upn = "{FRONT_END}", password = "front", flags = ["trusted_to_auth_for_delegation"], spns = ["HTTP/front.bench.example"], allowed_to_delegate_to = ["{NEAR}"] }},
  {{ name = "near$", password = "near", spns = ["{NEAR}"] }},
]

[[domain.controller]]
name    = "dc1.bench.example"
address = "127.0.71.1"
level   = "2016"
{second}
[[domain]]
realm   = "OTHER.EXAMPLE"
netbios = "OTHER"
sid     = "S-1-5-21-74-75-76"
forest  = "other.example"
account = [
  {{ name = "far$", password = "far", spns = ["{FAR}"], allowed_to_act = ['BENCH\\front$'] }},
]

[[domain.controller]]
name    = "dc1.other.example"
address = "127.0.71.3"
level   = "2016"

[[trust]]
domains   = ["{REALM}", "OTHER.EXAMPLE"]
direction = "both"
kind      = "forest"
password  = "trust"
"""


def numbers(ran):
    """A benchmark's "name value" lines as a dict."""
    return {line.split()[0]: float(line.split()[1]) for line in ran.ok().out.splitlines() if len(line.split()) == 2}
