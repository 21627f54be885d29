"""Rig files: the shipped ones load, and whatever is wrong with one is said in a sentence with its line."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.rig import Rig
from acquisition.rig.rig_file import RigError, example, examples, load, read_toml
from acquisition.rig.toml_lines import lines_of
from hardware.settings import Settings

DEMO = example("demo").read_text(encoding="utf-8")
SCALAR = re.compile(r"^(?P<key>\w+) = (?P<value>\"[^\"]*\"|-?[0-9.]+)(?P<rest>\s*(#.*)?)$")


def said(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "rig.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(RigError) as caught:
        load(path)
    return str(caught.value).replace(f"{tmp_path}/", "")


def line_with(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize("name", examples())
def test_every_shipped_rig_loads(name: str) -> None:
    rig = load(example(name))
    assert rig.name
    assert {plate.side for plate in rig.plate} == {"left", "right"}
    assert rig == Rig.model_validate(tomllib.loads(example(name).read_text(encoding="utf-8")))


def test_the_usual_rigs_are_shipped() -> None:
    assert {"demo", "one-device", "cyton"} <= set(examples())
    with pytest.raises(RigError, match=r"no rig 'dmeo' among those shipped; they are .*demo"):
        example("dmeo")


def test_unknown_key_names_line_and_what_was_meant(tmp_path: Path) -> None:
    text = DEMO + "\n[rules.load_shift]\nhold = 0.2\namber_pct = 5.0\nred_pct = 10.0\n"
    assert said(tmp_path, text) == (
        f"rig.toml, line {line_with(text, 'hold =')}: there is no setting 'hold' in rules.load_shift; did you mean 'hold_s'? "
        "Settings carry their unit in their name, here seconds."
    )


@pytest.mark.parametrize(
    ("key", "meant"),
    [("contact", "'contact_N'"), ("contact_kg", "'contact_N'"), ("cop_n", "'cop_N'"), ("kontact_N", "'contact_N'")],
)
def test_a_forgotten_or_wrong_unit_is_guessed(tmp_path: Path, key: str, meant: str) -> None:
    assert f"did you mean {meant}?" in said(tmp_path, f"{DEMO}\n[plates]\n{key} = 20\n")


def test_several_mistakes_are_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = DEMO.replace('name = "demo"\n', "").replace("adc_bits = 16", 'adc_bits = "16"', 1) + '\n[lab2]\nright_axis = "x"\n'
    lines = said(tmp_path, text).splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "the setting 'name' is missing; it takes a text in quotation marks.",
        "stream 1, source.adc_bits is '16'; it takes a whole number from 8 up to 32.",
        "there is no setting 'lab2'; did you mean 'lab'?",
    ]
    assert f"line {line_with(text, 'adc_bits')}:" in lines[1]
    assert f"line {line_with(text, '[lab2]')}:" in lines[2]


@pytest.mark.parametrize(
    ("old", "new", "line_of", "sentence"),
    [
        ('side = "right"\nstream', 'side = "left"\nstream', '"right"', "both plates stand on the left"),
        ('channels = ["Fx_R"', 'channels = ["Fx_Q"', "Fx_Q", "plate 'right' names the channel 'Fx_Q'"),
        ('"VM", side = "right"', '"VL", side = "right"', 'channel = "VM_R"', "two electrodes for VL right"),
        ("c3d_type = 4", "c3d_type = 2", "calibration_matrix = [", "is of type 2, which takes sensitivities"),
        ("c3d_type = 4", "c3d_type = 6", "c3d_type = 6", "plate 2, c3d_type is 6; it takes one of 1, 2, 3, 4, 5"),
        ('side = "left", stream = "emg"', 'side = "links", stream = "emg"', "links", "it takes one of 'left', 'right'"),
        ("rate_hz = 2000.0", "rate_hz = nan", "rate_hz = nan", "stream 2, rate_hz is nan; it takes a number above 0"),
        ('kind = "simulated"', 'kind = "simulator"', '"simulator"', "source.kind is 'simulator'; it takes one of 'simulated'"),
        ("corners_mm = [[-410.0,", 'corners_mm = [["a",', '[["a"', "corners_mm 1 1 is 'a'; it takes a number"),
        ('units = "mV"', 'units = ["mV"]', 'channels = [\n  "VL_L"', "channels and 1 units; give one unit for all"),
    ],
)
def test_what_does_not_fit_has_its_line(tmp_path: Path, old: str, new: str, line_of: str, sentence: str) -> None:
    text = DEMO.replace(old, new, 1)
    assert text != DEMO
    if line_of == '"right"':  # the second plate's table: it is what must change
        expected = line_with(text, 'name = "right"') + 2
    elif "\n" in line_of:
        expected = text[: text.index(line_of)].count("\n") + 1
    else:
        expected = line_with(text, line_of)
    message = said(tmp_path, text)
    assert sentence in message
    assert message.startswith(f"rig.toml, line {expected}: ")
    assert message.count("\n") == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "rig.toml is empty"),
        (b" \n\n", "rig.toml is empty"),
        (b"name = demo\n", "rig.toml, line 1: this is not TOML: Invalid value; is it a text without quotation marks?"),
        (b"name = 'a'\n\n[stream\n", "rig.toml, line 3: this is not TOML"),
        (b"name = 'a'\nname = 'b'\n", "rig.toml, line 2: this is not TOML: Cannot overwrite a value."),
        (b"name = 'a'\nx = '''\nb", "rig.toml, line 3: this is not TOML: Expected \"'''\"."),
        ("name = 'Prüfstand'".encode("latin-1"), "rig.toml is not a text in UTF-8 (byte 10 is not)"),
        ("name = 'x'".encode("utf-16"), "rig.toml is not a text in UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "rig.toml is nested too deeply"),
        (b"a = " + b"1" * 5000, "this is not TOML"),
        (b"a = 1\n" * 200_000, "rig.toml is larger than 1 MB, too large to be settings"),
    ],
)
def test_files_that_are_no_toml(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert sentence in said(tmp_path, content)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"^There is no file .*nowhere\.toml\.$"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(RigError, match=r"is a folder; name the TOML file in it\.$"):
        load(tmp_path)
    with pytest.raises(RigError, match="can't be read"):
        load(Path("a\0b.toml"))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    path.write_bytes(b"\xef\xbb\xbf" + DEMO.replace("\n", "\r\n").encode())
    assert load(path) == load(example("demo"))
    path.write_bytes(path.read_bytes().replace(b"c3d_type = 4", b"c3d_type = 9"))
    with pytest.raises(RigError, match=f"line {line_with(DEMO, 'c3d_type = 4')}: plate 2, c3d_type is 9"):
        load(path)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("range_V = -1", "line 11: stream 1, source.range_V is -1; it takes a number above 0 up to 1e+09 or a list, each"),
        ("range_V = [-1]", "line 11: stream 1, source.range_V 1 is -1; it takes a number above 0 up to 1e+09."),
        ("range_V = {}", "line 11: stream 1, source.range_V is a table"),
        ("range_V = [1, 2]", "line 10: there are 1 physical_channels and 2 range_V values"),
        ("terminal = 'X'", "line 11: stream 1, source.terminal is 'X'; it takes one of 'DEFAULT', 'RSE'"),
        ("terminal = ['X']", "line 11: stream 1, source.terminal 1 is 'X'; it takes one of 'DEFAULT', 'RSE'"),
        ("buffer_s = 1", "line 11: stream 1, source.buffer_s is 1; it takes a number from 10 up to 600."),
        ("buffer_ms = 1", "line 11: there is no setting 'buffer_ms' in stream 1, source; did you mean 'buffer_s'?"),
    ],
)
def test_settings_that_take_one_value_or_a_list(tmp_path: Path, setting: str, sentence: str) -> None:
    message = said(
        tmp_path,
        f"""name = "x"
[[stream]]
name = "a"
rate_hz = 1000.0
channels = ["a"]
units = "V"

[stream.source]
kind = "nidaqmx"
physical_channels = ["Dev1/ai0"]
{setting}
""",
    )
    assert sentence in message
    assert message.count("\n") == 0


def test_any_model_of_settings_can_be_read(tmp_path: Path) -> None:
    class Small(Settings):
        length_mm: float

    (tmp_path / "small.toml").write_text("length_mm = 2\n")
    assert read_toml(tmp_path / "small.toml", Small).length_mm == 2.0


@given(data=st.data(), name=st.sampled_from(examples()), how=st.sampled_from(["rename", "retype", "nonsense"]))
def test_a_mistake_on_any_line_is_found_on_that_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str, how: str
) -> None:
    lines = example(name).read_text(encoding="utf-8").splitlines()
    number = data.draw(st.sampled_from([i for i, line in enumerate(lines) if SCALAR.match(line)]))
    found = SCALAR.match(lines[number])
    assert found is not None
    if how == "rename":
        key = data.draw(st.text("abcxyz_N", min_size=1, max_size=8).map(lambda text: f"q{text}"))
        lines[number] = f"{key} = {found['value']}{found['rest']}"
    elif how == "retype":
        value = data.draw(st.sampled_from(["{}", "1979-05-27", "false", "[[]]", "{ a = [1] }", "07:32:00"]))
        lines[number] = f"{found['key']} = {value}{found['rest']}"
    else:
        lines[number] = f"{found['key']} {data.draw(st.sampled_from(['', '= ', '= =', '= x', ': 3', '= [', '= 01']))}"
    path = tmp_path_factory.mktemp("rig") / "rig.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RigError) as caught:
        load(path)
    sentences = str(caught.value).splitlines()
    expected = [f"rig.toml, line {number + 1}: "]
    if lines[number].endswith("= ["):
        expected = [f"rig.toml, line {line}: " for line in range(number + 1, len(lines) + 1)]  # it ends where TOML gives up
    if how == "rename" and found["key"] == "kind":  # without its kind, nothing is known about what a source's keys should be
        header = max(i for i in range(number) if lines[i].startswith("["))
        expected = [f"rig.toml, line {header + 1}: the setting 'kind' is missing"]
    assert any(part in sentence for sentence in sentences for part in expected)
    assert all(sentence.endswith((".", "?")) for sentence in sentences)


@given(data=st.data(), name=st.sampled_from(examples()))
def test_a_missing_line_is_missed_at_its_table(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str
) -> None:
    lines = example(name).read_text(encoding="utf-8").splitlines()
    needed = ("rate_hz", "side", "stream", "c3d_type", "corners_mm", "kind", "units")
    number = data.draw(st.sampled_from([i for i, line in enumerate(lines) if line.split(" = ")[0] in needed]))
    key = lines[number].split(" = ")[0]
    if lines[number].endswith("["):
        return
    header = max(i for i in range(number) if lines[i].startswith("["))
    del lines[number]
    path = tmp_path_factory.mktemp("rig") / "rig.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RigError, match=rf"rig\.toml, line {header + 1}: the setting '{key}' is missing in "):
        load(path)


@given(data=st.binary(max_size=60), where=st.integers(0, len(DEMO)))
def test_bytes_thrown_in_raise_nothing_else(tmp_path_factory: pytest.TempPathFactory, data: bytes, where: int) -> None:
    path = tmp_path_factory.mktemp("rig") / "rig.toml"
    path.write_bytes(DEMO.encode()[:where] + data + DEMO.encode()[where:])
    with suppress(RigError):
        load(path)


def test_lines_of_everything_that_toml_has() -> None:
    text = '''# [no.table]
a.b.c = 1
"quoted \\" key" = "text # no comment" # comment
'literal.key' = \'\'\'
[no.table]
x = 1\'\'\'

[one."two words"]
list = [ # comment ]
  "a", """
b]""",
  [1,
   2], { x = 3, y.z = [
   4] }
]
[[many]]
v = 1979-05-27 07:32:00
[many.sub]
v = """ends in quotes"""""
[[many]]
[[many.deep]]
[[many.deep]]
v = -1e5
'''
    assert tomllib.loads(text)["many"][1]["deep"][1] == {"v": -1e5}
    lines = lines_of(text)
    expected = {
        ("a",): 2, ("a", "b"): 2, ("a", "b", "c"): 2, ('quoted " key',): 3, ("literal.key",): 4,
        ("one",): 8, ("one", "two words"): 8, ("one", "two words", "list"): 9,
        ("one", "two words", "list", 0): 10, ("one", "two words", "list", 1): 10,
        ("one", "two words", "list", 2): 12, ("one", "two words", "list", 2, 0): 12, ("one", "two words", "list", 2, 1): 13,
        ("one", "two words", "list", 3): 13, ("one", "two words", "list", 3, "x"): 13,
        ("one", "two words", "list", 3, "y"): 13, ("one", "two words", "list", 3, "y", "z"): 13,
        ("one", "two words", "list", 3, "y", "z", 0): 14,
        ("many",): 16, ("many", 0): 16, ("many", 0, "v"): 17, ("many", 0, "sub"): 18, ("many", 0, "sub", "v"): 19,
        ("many", 1): 20, ("many", 1, "deep"): 21, ("many", 1, "deep", 0): 21, ("many", 1, "deep", 1): 22,
        ("many", 1, "deep", 1, "v"): 23,
    }  # fmt: skip
    assert lines == expected
