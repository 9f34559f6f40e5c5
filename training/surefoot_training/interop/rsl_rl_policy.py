"""Actors of rsl_rl 5.5 as files for the robot."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from rsl_rl.runners import OnPolicyRunner

from surefoot_policy.export import PARITY_TICKS, Exported, export
from surefoot_robots.errors import SurefootError
from surefoot_training.interop.plain_policy import plain_source
from surefoot_training.interop.rsl_rl_env import RslRlEnvironment


def export_runner(runner: OnPolicyRunner, file: Path, *, created: datetime, ticks: int = PARITY_TICKS) -> Exported:
    """The actor of a runner on an `RslRlEnvironment`: trained, or with a checkpoint loaded; `created` is when."""
    environment, actor = runner.env, runner.alg.get_policy()
    if not isinstance(environment, RslRlEnvironment):
        raise SurefootError(f"the runner trains on a {type(environment).__name__}", hint="make it on RslRlEnvironment")
    if actor.is_recurrent or list(actor.obs_groups) != ["policy"]:
        raise SurefootError(
            f"an actor of {type(actor).__name__} on the groups {', '.join(actor.obs_groups)}",
            hint='only MLPModel on obs_groups {"actor": ["policy"]} is converted; a robot knows no other group',
        )
    world = environment.environment
    source = plain_source(
        actor.as_jit().eval(),
        world.task,
        world.simulator.robot,
        algorithm=f"rsl-rl-lib {version('rsl-rl-lib')} {type(runner.alg).__name__.lower()}",
        seed=world.seed,
        steps=(runner.current_learning_iteration + 1) * environment.num_envs * int(runner.cfg["num_steps_per_env"]),
        created=created,
    )
    return export(source, file, ticks=ticks)
