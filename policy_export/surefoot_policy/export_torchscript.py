"""The same module as TorchScript, for those who run libtorch: inputs and outputs as in ONNX, in the contract's order.

`forward(observation, *states) -> (joint_target, *next states, *estimates)`; the contract is the extra file
`surefoot.contract`. Its `sha256` is over all files of the archive but that one, and over the contract without it.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, AnyStr, TypeAlias

import numpy as np
import torch

from surefoot_policy.contract import METADATA_KEY, UNSEALED, Contract
from surefoot_policy.export_module import Flat
from surefoot_policy.fields import HINT
from surefoot_policy.refusal import PolicyError, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

Files: TypeAlias = dict[str, bytes]

_EXAMPLES = 2
_LEFT_OUT = (".debug_pkl", "/.data/serialization_id")
"""Source lines with their folders, and a number that depends on the names below; libtorch needs neither."""
_CLASS = "___torch_mangle_0"


def to_torchscript(flat: Flat) -> bytes:
    """A frozen archive without the source lines and folders of whoever exported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated, and calls shapes that are given constants
        traced = torch.jit.trace(flat, flat.example(_EXAMPLES), check_trace=False)  # type: ignore[no-untyped-call]
        stream = io.BytesIO()
        torch.jit.save(torch.jit.freeze(traced), stream)
    files = _files(stream.getvalue())
    return _pack({_unnumbered(name): _unnumbered(data) for name, data in files.items() if not name.endswith(_LEFT_OUT)})


def with_contract(data: bytes, contract: Contract) -> bytes:
    """The archive with its contract, sealed."""
    files = _files(data)
    sealed = contract.with_digest(_digest(files, contract))
    return _pack({**files, _contract_name(files): sealed.to_json().encode("ascii")})


def read_torchscript(data: bytes) -> tuple[torch.jit.ScriptModule, Contract]:
    """What `with_contract` gave, its digest checked."""
    try:
        files = _files(data)
    except zipfile.BadZipFile as error:
        raise PolicyError("file", found=said(error), expected="a whole TorchScript archive", hint=HINT) from error
    text = files.pop(_contract_name(files), None)
    if text is None:
        raise PolicyError("file", found="no contract in the archive", expected=f"extra/{METADATA_KEY}", hint=HINT)
    contract = Contract.from_json(text.decode("utf-8", "replace"))
    found = _digest(files, contract)
    if found != contract.sha256:
        raise PolicyError(
            "contract.sha256",
            found=f"{found}, computed from the file",
            expected=f"{contract.sha256}, which the file states",
            hint="the file was damaged or changed: copy it again, or export the policy again with `surefoot export`",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.load(io.BytesIO(data)), contract  # type: ignore[no-untyped-call]


class ScriptPlayer:
    """A TorchScript policy of N robots."""

    def __init__(self, module: torch.jit.ScriptModule, initial: Mapping[str, np.ndarray], robots: int) -> None:
        """`initial`: what one robot remembers at reset, in the module's order."""
        self._module = module
        self._initial = [torch.as_tensor(value.copy()) for value in initial.values()]
        self._state: list[Tensor] = [torch.stack([value] * robots) for value in self._initial]

    def reset(self, ids: np.ndarray) -> None:
        """Robots `ids` remember nothing."""
        self._state = [value.clone() for value in self._state]
        for value, initial in zip(self._state, self._initial, strict=True):
            value[ids] = initial

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [N, J] rad of [N, D]."""
        with torch.inference_mode():
            target, *others = self._module(torch.as_tensor(observation), *self._state)
        self._state = others[: len(self._state)]
        return np.asarray(target.numpy())


def _files(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(files: Files) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # which says 1980, not now
    return stream.getvalue()


def _unnumbered(content: AnyStr) -> AnyStr:
    """Without how many modules this process has traced before, which torch works into the class's name."""
    if isinstance(content, str):
        return re.sub(r"___torch_mangle_\d+", _CLASS, content)
    return re.sub(rb"___torch_mangle_\d+", _CLASS.encode(), content)


def _contract_name(files: Files) -> str:
    folder = next(iter(files), "").partition("/")[0]
    return f"{folder}/extra/{METADATA_KEY}"


def _digest(files: Files, contract: Contract) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name} {len(data)}:".encode())
        digest.update(data)
    digest.update(contract.with_digest(UNSEALED).to_json().encode("ascii"))
    return digest.hexdigest()
