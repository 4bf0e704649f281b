"""Makes or runs a domain controller in a folder of its own: samba_dc.py make|run FOLDER REALM, the password on standard input.

It runs as whatever user starts it, if that user has namespaces of its own (unshare --map-root-user --net).
"""

import fcntl
import logging
import os
import socket
import struct
import sys

PEOPLE = "bf967aba-0de6-11d0-a285-00aa003049e2"  # the class user
GROUP = "bf967a9c-0de6-11d0-a285-00aa003049e2"  # the class group
MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"  # the attribute member


def make(folder, realm, password):
    from samba.auth import system_session
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack
    from samba.param import LoadParm
    from samba.provision import provision
    from samba.sd_utils import SDUtils

    logger = logging.getLogger()
    logger.addHandler(logging.StreamHandler(sys.stderr))
    made = provision(
        logger,
        system_session(),
        targetdir=folder,
        realm=realm,
        domain=realm.split(".")[0],
        hostname="dc1",
        hostip="127.0.0.1",
        adminpass=password,
        dns_backend="NONE",
        serverrole="active directory domain controller",
        dom_for_fun_level=4,  # Windows Server 2008 R2
        lp=LoadParm(),
        # Shared folders aren't used, and their access lists need root.
        skip_sysvolacl=True,
    )
    samdb, base = made.samdb, str(made.samdb.domain_dn())
    for unit in ["people", "groups", "services"]:
        samdb.create_ou(f"OU={unit},{base}")
    samdb.newuser("latchkey", password, userou="OU=services")
    account = samdb.search(f"CN=latchkey,OU=services,{base}", attrs=["objectSid"])[0]
    sid = ndr_unpack(security.dom_sid, account["objectSid"][0])
    # What docs/connectors/ldap.md asks for, and no more.
    rights = SDUtils(samdb)
    rights.dacl_add_ace(f"OU=people,{base}", f"(OA;;CC;{PEOPLE};;{sid})")
    rights.dacl_add_ace(f"OU=people,{base}", f"(OA;CIIO;RPWP;;{PEOPLE};{sid})")
    rights.dacl_add_ace(f"OU=groups,{base}", f"(OA;CIIO;RPWP;{MEMBER};{GROUP};{sid})")


def run(folder, realm):
    if "LATCHKEY_OWN_NETWORK" in os.environ:
        # A new network has a loopback interface that is off: SIOCSIFFLAGS, IFF_UP.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))
    os.execvp("samba", ["samba", "--interactive", "--model=single", f"--configfile={folder}/run.conf"])


if __name__ == "__main__":
    what, folder, realm = sys.argv[1:]
    if what == "make":
        make(folder, realm, sys.stdin.readline().rstrip("\n"))
    else:
        run(folder, realm)
