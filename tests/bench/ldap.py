"""CPU time of stead-kdc for an LDAP search by an index, with 100 accounts and with many."""
# bench: TARGETS stead-kdc
#
# tests/bench/run ldap [ACCOUNTS [SEARCHES]]: searches by sAMAccountName, SPN, UPN and SID, one after another over LDAPS, a hundred in flight. CPU
# time comes in ticks of 10 ms: with few searches the figures are coarse.

import os
import pathlib
import socket
import ssl
import sys

from samples.support import foreign
from tests.support.ldap_forest import BASE, LdapForest

GOAL = 200  # microseconds: 5,000 searches a second on one core
ADDRESS, IN_FLIGHT = "127.0.55.2", 100


def element(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x82, size >> 8, size & 255])) + content


def text(value):
    return element(4, value.encode())


def number(value, tag=2):
    return element(tag, value.to_bytes(2, "big") if value > 127 else bytes([value]))


def message(number_of_it, operation):
    return element(0x30, number(number_of_it) + operation)


def search(number_of_it, attribute, value):
    body = text(BASE) + number(2, 10) + number(0, 10) + number(0) + number(0) + b"\x01\x01\x00" + \
        element(0xa3, text(attribute) + text(value)) + element(0x30, text("objectSid") + text("memberOf"))
    return message(number_of_it, element(0x63, body))


def cpu(server):
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def accounts(count):
    return "".join(f'\n[[domain.account]]\nname = "pc{i}$"\npassword = "x"\nupn = "pc{i}@ldap.example"\nspns = ["HTTP/pc{i}"]\n' for i in range(count))


def measure(count, searches):
    """Microseconds of CPU a search, by attribute."""
    figures = {}
    with LdapForest(ADDRESS, more=accounts(count), free_ports=True, log_level="warning") as forest:
        context = ssl.create_default_context(cafile=forest.certificate)
        with context.wrap_socket(socket.create_connection((ADDRESS, forest.dc["ldaps_port"])), server_hostname=forest.dc["name"]) as connection:
            connection.sendall(message(1, element(0x60, number(3) + text("alice@ldap.example") + element(0x80, b"Passw0rd!"))))
            connection.recv(65536)
            last = count - 1
            for attribute, value in (("sAMAccountName", f"pc{last}$"), ("servicePrincipalName", f"HTTP/pc{last}"),
                                     ("userPrincipalName", f"pc{last}@ldap.example"), ("objectSid", "S-1-5-21-1-2-3-1110")):
                round_of_them = b"".join(search(2 + i, attribute, value) for i in range(IN_FLIGHT))
                before = cpu(forest.process)
                for _ in range(searches // IN_FLIGHT):
                    connection.sendall(round_of_them)
                    due = IN_FLIGHT
                    while due > 0:
                        due -= connection.recv(65536).count(b"\x65\x07\x0a\x01\x00")
                figures[attribute] = (cpu(forest.process) - before) / searches * 1e6
    return figures


def main():
    many, searches = (int(argument) for argument in (sys.argv[1:] + ["100000", "20000"][len(sys.argv) - 1:]))
    few, large = measure(100, searches), measure(many, searches)
    print(f"{'microseconds of CPU a search':32} {100:>10} {many:>10} accounts")
    for attribute in few:
        print(f"{attribute:32} {few[attribute]:10.0f} {large[attribute]:10.0f}")
    worst = max(*few.values(), *large.values())
    print(f"goal: {GOAL}: {'reached' if worst <= GOAL else 'not reached'}")


if __name__ == "__main__":
    main()
