"""The digest that a policy file carries of itself: SHA-256 of its bytes with the digest's own 64 characters as zeros.

It covers the weights and the contract, and everything else too: a changed node, attribute, shape or name is another
policy just as a changed weight is. A digest over weights picked out of the graph would miss those, would depend on how
a protobuf library writes what it has read, and every runner would need such a library to check it. This one takes
no parser at all:

    hashlib.sha256(data.replace(contract["sha256"].encode(), b"0" * 64)).hexdigest() == contract["sha256"]

A tool that rewrites the file (an optimizer, an editor of metadata) breaks the seal: it made another policy, which needs
a golden sequence and a seal of its own. The digest finds damage and mix-ups; it is no signature.
"""

from __future__ import annotations

import hashlib

from surefoot_policy.contract import UNSEALED
from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError


def digest(data: bytes, stated: str) -> str:
    """SHA-256 (hex) of a file's bytes, the stated digest, which must be there exactly once, read as zeros."""
    times = data.count(stated.encode("ascii"))
    if times != 1:
        raise PolicyError(
            "contract.sha256", found=f"the digest {stated} {times} times in the file", expected="it once", hint=HINT
        )
    return hashlib.sha256(data.replace(stated.encode("ascii"), UNSEALED.encode("ascii"))).hexdigest()


def seal(data: bytes) -> bytes:
    """The file with its digest, of a file whose contract has `UNSEALED` in its place."""
    return data.replace(UNSEALED.encode("ascii"), digest(data, UNSEALED).encode("ascii"))


def check_seal(data: bytes, stated: str) -> None:
    """Refuse a file that is not what it was when it was sealed."""
    found = digest(data, stated)
    if found != stated:
        raise PolicyError(
            "contract.sha256",
            found=f"{found}, computed from the file",
            expected=f"{stated}, which the file states",
            hint="the file was damaged or changed: copy it again, or export the policy again with `surefoot export`",
        )
