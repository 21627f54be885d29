"""The pipeline over whole rigs: however the samples are cut into blocks, and whatever a rig has, the numbers are the same."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from processing.flags.rules import CHANGE, flags_of
from processing.pipeline import EVENTS, FLAGS, Pipeline, PipelineError, warm
from processing.repetition.phases import UNITS as REPETITION_UNITS
from tests.support.rigs import example_with
from tests.support.sessions import simulated

RIGS = ("demo", "one-device", "cyton")


def run(
    rig: Rig, samples: dict[str, np.ndarray], cuts: dict[str, list[int]] | None = None, lost: slice | None = None
) -> dict[str, np.ndarray]:
    """Process every stream block by block, without the rows that were `lost`, and return what the pipeline gave."""
    pipeline = Pipeline(rig)
    streams = pipeline.derived_streams()
    given: dict[str, list[np.ndarray]] = {s.name: [np.empty((0, len(s.channels)))] for s in streams}
    for name, rows in samples.items():
        edges = sorted({0, len(rows), *(cuts[name] if cuts else ()), *((lost.start, lost.stop) if lost else ())})
        for a, b in pairwise(edges):
            if lost is None or not lost.start <= a < lost.stop:
                for derived, found in pipeline.process(name, rows[a:b], a):
                    given[derived].append(found.copy())
    given["standing"] = [part.book.flags_up() for part in pipeline.parts]
    joined = {name: np.concatenate(parts) for name, parts in given.items()}
    # Which of two chains on one stream comes first depends on the blocks, the changes of one rule don't.
    joined[FLAGS] = joined[FLAGS][np.argsort(joined[FLAGS][:, 0], kind="stable")]
    return joined


@pytest.fixture(scope="module", params=RIGS)
def session(request):
    rig = load(example(request.param))
    return rig, simulated(rig)


@pytest.mark.parametrize("lost", [None, slice(1033, 1501)])
def test_the_length_of_blocks_changes_no_bit(session, lost):
    rig, samples = session
    rng = np.random.default_rng(5)
    whole = run(rig, samples, lost=lost)
    assert len(whole[FLAGS]) > 3
    singly = {name: list(range(0, len(rows), 1 + len(rows) // 3000)) for name, rows in samples.items()}
    anyhow = {name: list(rng.integers(0, len(rows), 40)) for name, rows in samples.items()}
    for cuts in (singly, anyhow):
        pieces = run(rig, samples, cuts, lost)
        assert list(pieces) == list(whole)
        for name in whole:
            np.testing.assert_array_equal(pieces[name], whole[name], err_msg=name)


def test_streams_in_step_or_one_after_the_other_are_the_same(session):
    rig, samples = session
    whole = run(rig, samples)
    pipeline = Pipeline(rig)
    given = {name: [rows[:0]] for name, rows in whole.items()}
    for part in range(20):
        for name, rows in samples.items():
            a, b = (len(rows) * part) // 20, (len(rows) * (part + 1)) // 20
            for derived, found in pipeline.process(name, rows[a:b], a):
                given[derived].append(found.copy())
    for name, rows in whole.items():
        if name in (FLAGS, "standing"):
            continue
        np.testing.assert_array_equal(np.concatenate(given[name]), rows)
    assert sorted(map(str, flags_of(np.concatenate(given[FLAGS])))) == sorted(map(str, flags_of(whole[FLAGS])))


def test_frames_are_where_the_derived_streams_say(session):
    rig, samples = session
    pipeline = Pipeline(rig)
    given = run(rig, samples)
    frames = [stream for stream in pipeline.derived_streams() if stream.name not in EVENTS]
    flags, *repetitions = [stream for stream in pipeline.derived_streams() if stream.name in EVENTS]
    assert [part.name for part in pipeline.parts] == [stream.name for stream in frames]
    assert flags.channel_names == CHANGE
    assert [stream.channel_names for stream in repetitions] == [tuple(REPETITION_UNITS)]
    for stream, part in zip(frames, pipeline.parts, strict=True):
        sample = given[stream.name][:, stream.channel_names.index("sample")]
        k = part.chain.frame_samples
        np.testing.assert_array_equal(sample, k * np.arange(len(samples[part.stream]) // k) + k - 1)
        assert stream.rate_hz == rig.stream_named(part.stream).rate_hz / k


def test_one_card_for_plates_and_emg_gives_both():
    rig = load(example("one-device"))
    parts = Pipeline(rig).parts
    assert [(part.name, part.stream) for part in parts] == [("card.force", "card"), ("card.emg", "card")]
    given = run(rig, simulated(rig))
    assert {int(flag.rule) for flag in flags_of(given[FLAGS])} >= {1, 7}
    metrics = [rule.metric for rule in Pipeline(rig).rules]
    assert metrics[1] == "load_shift_pct"
    assert metrics[7] == "qh_change_right"


def without(rig: Rig, **parts: list) -> Rig:
    return Rig.model_validate({**rig.model_dump(), **parts})


def test_emg_alone_is_the_same_emg():
    rig = load(example("demo"))
    samples = simulated(rig)
    alone = without(rig, plate=[])
    pipeline = Pipeline(alone)
    assert [part.name for part in pipeline.parts] == ["emg.emg"]
    assert {rule.name for rule in pipeline.rules} == {"qh_change", "qh_between_legs", "glute_drop", "glutes_between_legs"}
    both, one = (run(r, samples) for r in (rig, alone))
    np.testing.assert_array_equal(one["emg.emg"], both["emg.emg"])
    assert "plates.force" not in one


def test_plates_alone_are_the_same_plates():
    rig = load(example("demo"))
    samples = simulated(rig)
    alone = without(rig, emg=[])
    pipeline = Pipeline(alone)
    assert [part.name for part in pipeline.parts] == ["plates.force"]
    assert {rule.name for rule in pipeline.rules} == {"load_shift", "cop_shift", "foot_cop_medial"}
    both, one = (run(r, samples) for r in (rig, alone))
    np.testing.assert_array_equal(one["plates.force"], both["plates.force"])


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_plate_measures_its_own_foot_and_flags_nothing(side):
    rig = load(example("demo"))
    samples = simulated(rig)
    alone = without(rig, emg=[], plate=[plate.model_dump() for plate in rig.plate if plate.side == side])
    both, one = (run(r, samples) for r in (rig, alone))
    names = [metric.name for metric in Pipeline(rig).parts[0].chain.metrics]
    own = [names.index(f"fz_{side}_N"), names.index(f"cop_{side}_x_mm")]
    np.testing.assert_array_equal(one["plates.force"][:, own], both["plates.force"][:, own])
    for name in ("load_shift_pct", "cop_net_shift_mm", "foot_cop_medial_left_mm", "foot_cop_medial_right_mm", "body_weight_N"):
        assert np.isnan(one["plates.force"][:, names.index(name)]).all(), name
    assert len(one[FLAGS]) == 0


def test_a_warm_pipeline_compiles_nothing_any_more():
    """For either type of samples, in a process where nothing was compiled before; what both share is there with the first."""
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.support.sessions import analysed, simulated
from acquisition.rig import Rig
from acquisition.rig.rig_file import example, load
from numba.core.dispatcher import Dispatcher
from processing.pipeline import warm
modules = [module for name, module in sys.modules.items() if name.startswith("processing.")]
kernels = {{kernel for module in modules for kernel in vars(module).values() if isinstance(kernel, Dispatcher)}}
for dtype in ("float32", "float64"):
    data = load(example("one-device")).model_dump()
    data["stream"][0]["dtype"] = dtype
    rig = Rig.model_validate(data)
    samples = simulated(rig)
    warm(rig)
    ready = {{kernel: len(kernel.signatures) for kernel in kernels}}
    assert sum(ready.values()) > 5
    assert analysed(rig, samples).flags
    print([kernel.__name__ for kernel in kernels if len(kernel.signatures) > ready[kernel]])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("[]\n[]\n", "")


def test_a_rig_with_neither_gives_no_frames():
    rig = without(load(example("demo")), plate=[], emg=[])
    assert [stream.name for stream in Pipeline(rig).derived_streams()] == [FLAGS]
    warm(rig)


def test_settings_that_fit_no_filter_are_told_in_a_sentence():
    rig = load(example("cyton"))
    slow = without(rig, emg_processing={"band_low_hz": 120.0})
    with pytest.raises(PipelineError, match=r"'slow EMG board' can't be processed as it asks: .*lower band_low_hz.*device\.$"):
        Pipeline(slow)
    plates = [plate.model_dump() | {"corners_mm": rig.plate[0].corners_mm} for plate in rig.plate]
    stacked = without(rig, plate=plates, lab={})
    with pytest.raises(PipelineError, match=r"Both plates .*own corners_mm\.$"):
        Pipeline(stacked)


def test_flags_on_slow_emg_say_so():
    rig = example_with()
    slow = [stream.model_copy(update={"rate_hz": 250.0}) if stream.name == "emg" else stream for stream in rig.stream]
    labels = {rule.name: rule.label for rule in Pipeline(rig.model_copy(update={"stream": slow})).rules}
    assert labels["qh_change"].endswith("against own baseline (undersampled)")
    assert labels["load_shift"] == "load shifts to the right leg"
    assert "undersampled" not in "".join(rule.label for rule in Pipeline(rig).rules)
