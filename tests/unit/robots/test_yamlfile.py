import os
from pathlib import Path

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.yamlfile import MAX_FILE_BYTES, read_mapping


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "robot.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


def test_numbers_and_words_are_those_of_yaml_1_2(tmp_path):
    text = "{a: 1e-5, b: -2, c: .5, d: yes, e: 1:30, f: 010, g: 1.e3, h: null, i: true, j: 0x10}"
    expected = {"a": 1e-5, "b": -2, "c": 0.5, "d": "yes", "e": "1:30", "f": 10, "g": 1000.0, "h": None, "i": True}
    assert read(tmp_path, text) == {**expected, "j": "0x10"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\nb: 2\na: 3\n", r"line 3, column 1: the key 'a' stands here a second time"),
        ("a: {b: 1, b: 2}\n", r"line 1, column 11: the key 'b' stands here a second time"),
        ("a: &x 1\nb: *x\n", "anchors and aliases are not allowed"),
        ("a: &x [1]\n<<: *x\n", "anchors and aliases are not allowed"),
        ("1: a\n", "keys must be names"),
        ("[a]: b\n", "keys must be names"),
        ("a: !!python/object/apply:os.system [echo]\n", "line 1, column 4: tags such as tag:yaml"),
        ("a: !!float abc\n", "tags such as tag:yaml.org,2002:float are not allowed"),
        ("a: !!bool abc\n", "tags such as tag:yaml.org,2002:bool are not allowed"),
        ("a: !%1B[31m 1\n", "tags such as !\ufffd"),
        ('a: "\\e[31mred"\n', r"line 1, column 4: the character '\\x1b' is not printable"),
        ('a: "\\a"\n', r"the character '\\x07' is not printable"),
        ('a: "\\ud800"\n', r"the character '\\ud800' is not printable"),
        ('"\\e[31m": 1\n', r"the character '\\x1b' is not printable"),
        ('"a\\nb": 1\n', "keys must be names"),
        ('a: "\\U00110000"\n', "an escape is no character"),
        ("a: [1, 2\n", "line 2"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("", "holds NoneType, must be a mapping"),
        ("- a\n- b\n", "holds list, must be a mapping"),
        ("just text\n", "holds str, must be a mapping"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: " + "9" * 5000, "line 1, column 4: 99999999999999999999... with 5000 digits is a number too long"),
        ("a: " + "b" * MAX_FILE_BYTES, f"more than the {MAX_FILE_BYTES} bytes"),
    ],
)
def test_what_is_not_a_plain_mapping_is_refused_in_one_line(tmp_path, text, complaint):
    with pytest.raises(SurefootError, match=complaint) as caught:
        read(tmp_path, text)
    assert "robot.yaml: " in caught.value.message
    assert caught.value.message.isprintable()


def test_a_bomb_of_aliases_is_refused_before_it_goes_off(tmp_path):
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    with pytest.raises(SurefootError, match="anchors and aliases are not allowed"):
        read(tmp_path, "\n".join(lines))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SurefootError, match=r"nowhere\.yaml: cannot be read: No such file"):
        read_mapping(tmp_path / "nowhere.yaml")


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(SurefootError, match="cannot be read"):
        read_mapping(tmp_path)


def test_a_file_that_is_not_text(tmp_path):
    path = tmp_path / "robot.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(SurefootError, match="is not UTF-8 text: byte 3"):
        read_mapping(path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    path = tmp_path / "robot.yaml"
    os.mkfifo(path)
    with pytest.raises(SurefootError, match=r"robot\.yaml: cannot be read: is not a file"):
        read_mapping(path)


def test_a_device_without_end_is_refused(tmp_path):
    path = tmp_path / "robot.yaml"
    path.symlink_to("/dev/zero")
    with pytest.raises(SurefootError, match="is not a file"):
        read_mapping(path)


def test_a_text_may_have_several_lines(tmp_path):
    assert read(tmp_path, "a: |\n  one\n  two\n") == {"a": "one\ntwo\n"}
