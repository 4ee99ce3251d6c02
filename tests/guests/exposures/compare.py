# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an audit says of who reaches a door, against who was heard there."""
import ipaddress


def answered(answer, door):
    """A rule's door is reached by who is heard at its target, whoever else may have that port."""
    if not answer or door["kind"] != "forwarded":
        return bool(answer)
    box = (door["target"] or "").startswith("172.17.")
    return answer == ("B" if box else "H") + door["target"].rpartition(":")[2]


def within(address, networks):
    return any(address.version == n.version and address in n for n in map(ipaddress.ip_network, networks or []))


def said(door, source):
    """Does that peer reach the door? None: it was not told."""
    f, address = door["exposure"]["filter"], ipaddress.ip_address(source)
    kind = f["kind"]
    if kind == "unknown":
        return None
    if kind in ("nobody", "host"):
        return False
    if kind == "networks":
        good = within(address, f["networks"])
        return good or (False if f["complete"] else None)
    if within(address, f["except"]):
        return False
    if not f["complete"]:
        return None
    return True


def said_of_host(door):
    """Of doors on loopback the address tells, whatever the filter does to what this host sends itself."""
    f = door["exposure"]["filter"]
    if door["exposure"]["bound"] == "loopback":
        return None
    if f["kind"] in ("nobody", "host"):
        if door["exposure"]["filtered"] not in ("nobody", "this host"):
            return None
        return f["kind"] == "host"
    if not f["rehearsed"]:
        return True
    own = [s["passes"] for s in f["sources"] or [] if s["source"].startswith("this host")]
    if not own or None in own:
        return None
    return any(own)
