"""Protocols: those that are shipped, one of a lab's own, and mistakes in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquisition.rig.rig_file import RigError
from processing.screening.comparison import in_turns
from processing.screening.guided.protocol import SetStep, load_protocol, protocols


def test_protocols_that_are_shipped_compare_in_turns():
    assert protocols() == ("default", "short")
    for name in protocols():
        protocol = load_protocol(Path(name))
        assert protocol.name == name
        sets = [step.how for step in protocol.step if isinstance(step, SetStep)]
        at = {condition: [i for i, one in enumerate(sets) if one is condition] for condition in sets}
        for condition in ("cue", "heels", "loaded"):
            if condition in at:
                assert len(at[condition]) >= 2
                assert in_turns(at["light"], at[condition])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nstep = []\n', "step"),
        ('name = "x"\n[[step]]\nkind = "set"\ncondition = "heavy"\n', "condition"),
        ('name = "x"\n[[step]]\nkind = "dance"\n', "kind"),
        ('name = "x"\n[[step]]\nkind = "zero"\nsecond = 2.0\n', "second"),
        ('name = "x"\n[[step]]\nkind = "set"\ncondition = "cue"\n', "no set is light"),
        ('name = "x"\n[[step]]\nkind = "set"\ncondition = "light"\nrepetitions = 0\n', "repetitions"),
    ],
)
def test_mistakes_are_sentences(tmp_path, text: str, said: str):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(RigError, match=said):
        load_protocol(tmp_path / "p.toml")


def test_an_unknown_protocol_names_those_that_are_there(tmp_path):
    with pytest.raises(RigError, match="Protocols that are shipped: default, short"):
        load_protocol(tmp_path / "none.toml")
