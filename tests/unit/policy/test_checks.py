from toy_policy import resealed, robot, toy_file, toy_graph, with_contract

from surefoot_policy.checks import CHECKS, Candidate, verify


def outcomes(path, data: bytes, spec=None) -> dict[str, str]:
    path.write_bytes(data)
    return {outcome.check.name: outcome.word for outcome in verify(Candidate(path, spec))}


def test_all_is_well(file):
    assert set(outcomes(file, toy_file(), robot()).values()) == {"ok"}


def test_without_a_robot_that_check_alone_is_left_out(file):
    found = outcomes(file, toy_file())
    assert [name for name, word in found.items() if word != "ok"] == ["robot"]
    assert found["robot"] == "not checked"


def test_one_failure_does_not_hide_another(file):
    def edit(model):
        model.graph.initializer[0].raw_data = b"\xff\xff\xff\xff" + model.graph.initializer[0].raw_data[4:]

    data = resealed(edit).replace(b'"robot":"go2"', b'"robot":"a1 "').replace(b'"a1 "', b'"Go2"')
    found = outcomes(file, data, robot())
    assert {name for name, word in found.items() if word == "failed"} == {"seal", "robot", "weights"}
    assert {name for name, word in found.items() if word == "not checked"} == {"runs", "golden"}


def test_a_network_without_a_contract_is_still_looked_at(file):
    found = outcomes(file, toy_graph().SerializeToString(), robot())
    assert found["contract"] == "failed"
    assert found["operators"] == found["weights"] == "ok"
    assert found["seal"] == found["golden"] == "not checked"


def test_nothing_is_run_of_what_should_not_run(file):
    def edit(model):
        model.graph.node[0].domain = "evil"

    assert outcomes(file, resealed(edit))["runs"] == "not checked"


def test_a_broken_seal_does_not_keep_the_golden_sequence_from_being_played(file):
    found = outcomes(file, toy_file().replace(b"2026-01-31", b"2026-01-30"))
    assert found["seal"] == "failed"
    assert found["golden"] == "ok"


def test_every_check_needs_checks_before_it():
    seen: set[str] = set()
    for check in CHECKS:
        assert set(check.needs) <= seen
        seen.add(check.name)


def test_a_wrong_golden_sequence_alone(file):
    def edit(data):
        data["golden"]["joint_target"][0][0] += 1.0

    found = outcomes(file, with_contract(edit), robot())
    assert [name for name, word in found.items() if word != "ok"] == ["golden"]
