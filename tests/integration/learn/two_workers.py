"""One of two processes that learn together: `python two_workers.py RANK FOLDER`, a program of `test_workers.py`.

It imports `toys` as its neighbour, does the same as the test does in one process, and leaves what came out in FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from toys import agent_for, parameters_of, together, trained_on_rows
from toys import make as make_ppo

from surefoot_training.learn.ppo import PPO
from surefoot_training.nets.running_norm import RunningNorm


def main(rank: int, folder: Path) -> None:
    """Learn as worker `rank` of two."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2)
    found = {"updates": {}, "norm": {}, "live": {}}
    for name, config, settings in together():
        half = 4
        found["updates"][name] = trained_on_rows(config, settings, slice(rank * half, (rank + 1) * half))
    norm = RunningNorm(3)
    for batch in torch.load(folder / "batches.pt"):
        norm.update(batch[: len(batch) // 3] if rank == 0 else batch[len(batch) // 3 :])
    found["norm"] = dict(norm.state_dict())
    for name, config, settings in together():
        ppo: PPO = make_ppo(config, settings, seed=rank)
        ppo.agent.load_state_dict(agent_for(config, ppo.problem, seed=0).state_dict())
        logs = [ppo.iteration(progress) for progress in (0.0, 0.5)]
        found["live"][name] = {
            **parameters_of(ppo.agent),
            "kl": torch.tensor([log["policy/kl"] for log in logs]),
            "bootstrap_share": torch.tensor(ppo.bootstrap_share),
            "learning_rate": torch.tensor(ppo.learning_rate),
        }
    torch.save(found, folder / f"worker{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
