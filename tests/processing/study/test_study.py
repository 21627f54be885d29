"""Studies: to the bit what single runs give, taken up where they were left, whole or not at all, each failure told."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import pytest

from acquisition.rig.rig_file import example, load
from processing.batch import as_recorded, reprocess, with_settings
from processing.repetition.corrections import History, write_history
from processing.screening.answers import headline
from processing.screening.guided.session_file import read_session, write_session
from processing.screening.recorded_sets import results_of_try, screening_of
from processing.study import task
from processing.study.cluster import local_cluster
from processing.study.folder import STUDY, Study, StudyFolder
from processing.study.outcomes import Done, Failed
from processing.study.plan import StudyError, plan_of
from processing.study.run import Tally, run
from processing.study.tables import answers, write_repetitions
from processing.study.task import Work
from processing.tables import files_in, table_of, write_table
from tests.support.file_server import serving
from tests.support.inline_cluster import InlineCluster
from tests.support.rigs import example_with
from tests.support.screenings import CUE, LIGHT, a_screening
from tests.support.sessions import recorded, simulated

WEIRD = "größe #1 [x] 100%"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A session of two sets, two recordings of none, results of another program, and two files that can't be read."""
    root = tmp_path_factory.mktemp("recordings")
    a_screening(root / "A1" / "2026-11-27-1", "technique", (LIGHT, CUE), seed=2)
    rig = example_with("demo")
    (root / WEIRD).mkdir()
    recorded(root / WEIRD / "r.h5", rig, simulated(rig, 3, 8.0))
    recorded(root / "r.h5", rig, simulated(rig, 4, 8.0))
    (root / "torn.h5").write_bytes((root / "r.h5").read_bytes()[:50_000])
    (root / "text.h5").write_text("no HDF5", encoding="utf-8")
    with h5py.File(root / "other.h5", "w") as other:
        other["numbers"] = np.arange(3.0)
    (root / "notes.txt").write_text("mine", encoding="utf-8")
    return root


NAMES = ["A1/2026-11-27-1/01-light", "A1/2026-11-27-1/02-cue", "r", f"{WEIRD}/r"]


def studied(source, out, cluster=None, settings=None, **kept):
    """Do a study, and return its folder, what it planned and what became of it."""
    folder, plan, tally = StudyFolder(out), plan_of(str(source), out), Tally()
    folder.open(Study(software_version=version("squatscope"), source=plan.source, settings=settings, **kept))
    try:
        for _ in run(plan, Work(str(out), folder.sha256()), cluster or InlineCluster(), tally):
            pass
    finally:
        folder.close()
    return folder, plan, tally


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with local_cluster(2, str(tmp_path_factory.mktemp("cluster"))) as found:
        yield found


@pytest.fixture(scope="module")
def study(recordings, cluster, tmp_path_factory):
    return studied(recordings, tmp_path_factory.mktemp("study") / "out", cluster)


def datasets(path: Path) -> dict[str, bytes]:
    """Return the bytes of every dataset and attribute of a file of results, but for when it was written."""
    found = {}

    def take(name, item):
        found.update({f"{name}@{key}": np.asarray(value).tobytes() for key, value in item.attrs.items()})
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with h5py.File(path, "r") as file:
        take("", file)
        file.visititems(take)
    found.pop("@written_utc")
    return found


def test_results_are_those_of_single_runs_to_the_bit(study, recordings, tmp_path):
    folder, _, tally = study
    assert sorted(tally.done) == sorted(NAMES)
    session = read_session(recordings / "A1" / "2026-11-27-1")
    for name in NAMES:
        path = recordings / f"{name}.h5"
        if path.parent.name == "2026-11-27-1":
            one = next(one for one in session.tries if one.recording == path.name)
            single = results_of_try(path.parent, session, one, as_recorded)
        else:
            single = reprocess(path)
        alone = tmp_path / f"{len(name)}.h5"
        single.write(alone)
        assert datasets(folder.result(name, ".metrics.h5")) == datasets(alone)
        assert tally.done[name].repetitions == len(single.repetitions)


def test_a_table_in_pieces_is_the_same_table(study, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    folder, plan, tally = study
    done = tally.in_order(plan)
    write_repetitions(folder, done, tmp_path / "whole.parquet")
    monkeypatch.setattr("processing.study.tables.PIECE_ROWS", 3)
    monkeypatch.setattr("processing.study.tables.GROUP_PIECES", 2)
    write_repetitions(folder, done, tmp_path / "pieces.parquet")
    whole, pieces = (pandas.read_parquet(tmp_path / f"{name}.parquet") for name in ("whole", "pieces"))
    pandas.testing.assert_frame_equal(whole, pieces)


def test_the_table_is_that_of_the_table_command(study, recordings, tmp_path):
    pandas = pytest.importorskip("pandas")
    folder, plan, tally = study
    done = tally.in_order(plan)
    assert write_repetitions(folder, done, tmp_path / "study.csv") == write_repetitions(
        folder, done, tmp_path / "study.parquet"
    )
    columns, rows = table_of(files_in([recordings / "A1"]), lambda *_: None)
    write_table(columns, rows, tmp_path / "table.csv")
    write_table(columns, rows, tmp_path / "table.parquet")
    ours, theirs = (pandas.read_parquet(tmp_path / f"{name}.parquet") for name in ("study", "table"))
    sets = ours[ours["lifter"] == "A1"].reset_index(drop=True)
    assert sets["file"].tolist() == [NAMES[0]] * 6 + [NAMES[1]] * 6
    pandas.testing.assert_frame_equal(sets[theirs.columns], theirs, check_dtype=False)
    with (tmp_path / "study.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header == list(ours.columns)
    assert len(lines) == len(ours)
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        names, *expected = csv.reader(file)
    at = [header.index(name) for name in names]
    assert [[line[i] for i in at] for line in lines if line[header.index("lifter")] == "A1"] == expected


def test_the_answer_of_a_session_is_that_of_its_triage(study, recordings):
    folder, plan, tally = study
    (told,) = answers(folder, plan.sessions, tally.done)
    session_folder = recordings / "A1" / "2026-11-27-1"
    single = screening_of(session_folder, read_session(session_folder), as_recorded).triage
    assert (told.folder, told.lifter, told.sets, told.missing) == ("A1/2026-11-27-1", "A1", 2, "")
    assert (told.answer, told.state, told.basis) == (headline(single), single.state, single.basis)


def test_failures_have_their_reason_and_other_files_are_counted(study):
    _, _, tally = study
    assert sorted(tally.failed) == ["text", "torn"]
    assert "is cut short, 50000 of its" in tally.failed["torn"].why
    assert "is no HDF5 file" in tally.failed["text"].why
    assert tally.others == 1
    assert tally.same() == []


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def own(recordings, tmp_path):
    """A session of one's own to alter, and a study of it that is done."""
    source = tmp_path / "in"
    shutil.copytree(recordings / "A1" / "2026-11-27-1", source / "s")
    _, _, tally = studied(source, tmp_path / "out", results=False)
    assert sorted(tally.done) == ["s/01-light", "s/02-cue"]
    return source


def test_what_is_done_is_left_as_it_is(own, tmp_path):
    before = contents(tmp_path / "out")
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert tally.already == 2
    assert contents(tmp_path / "out") == before


def test_what_was_only_copied_anew_is_known_by_its_uuid(own, tmp_path, monkeypatch):
    for path in own.rglob("*.h5"):
        os.utime(path, ns=(1, 1))
    monkeypatch.setattr(task, "reprocess", None)
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert tally.already == 2


def test_a_recording_or_a_rating_that_changed_is_computed_anew(own, tmp_path):
    session = read_session(own / "s")
    rated = session.tries[1].model_copy(update={"rating": "past"})
    write_session(own / "s", session.model_copy(update={"tries": [session.tries[0], rated]}))
    folder, _, tally = studied(own, tmp_path / "out", results=False)
    assert [name for name, done in tally.done.items() if not done.already] == ["s/02-cue"]
    assert {row["set_rating"] for row in folder.body("s/02-cue").rows} == {"past"}
    rig = example_with("demo")
    (own / "s" / "02-cue.h5").unlink()
    recorded(own / "s" / "02-cue.h5", rig, simulated(rig, 4, 8.0))
    folder, _, tally = studied(own, tmp_path / "out", results=False)
    assert [name for name, done in tally.done.items() if not done.already] == ["s/02-cue"]
    assert len(folder.body("s/02-cue").rows) == tally.done["s/02-cue"].repetitions != 6


def test_a_set_that_was_corrected_by_hand_is_computed_anew(own, tmp_path):
    path = own / "s" / "02-cue.h5"
    automatic = reprocess(path)
    row = automatic.repetitions[0]
    history = History(recording=path.name, recording_uuid=automatic.recording_uuid)
    write_history(path, history.with_edit("drop", "", repetition={"start_s": row.start_s, "end_s": row.end_s}))
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert [name for name, done in tally.done.items() if not done.already] == ["s/02-cue"]
    assert tally.done["s/02-cue"].repetitions == len(automatic.repetitions) - 1
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert tally.already == 2
    path.with_name("02-cue.edits.json").write_text("{", encoding="utf-8")
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert "is no file of edits" in tally.failed["s/02-cue"].why


def test_a_damaged_note_of_what_is_done_is_made_anew(own, tmp_path):
    (tmp_path / "out" / "done" / "s" / "01-light.json").write_bytes(b"{")
    _, _, tally = studied(own, tmp_path / "out", results=False)
    assert tally.already == 1
    assert len(tally.done) == 2


def test_other_settings_versions_folders_and_choices_are_refused(own, tmp_path):
    with pytest.raises(StudyError, match="with other --settings"):
        studied(own, tmp_path / "out", settings=load(example("demo")), results=False)
    with pytest.raises(StudyError, match="choice of what results to keep"):
        studied(own, tmp_path / "out")
    text = (tmp_path / "out" / STUDY).read_text(encoding="utf-8")
    (tmp_path / "out" / STUDY).write_text(text.replace(version("squatscope"), "0.0.9"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"another version of squatscope \(0.0.9; now"):
        studied(own, tmp_path / "out", results=False)
    job, out = plan_of(str(own), tmp_path / "out").jobs[0], StudyFolder(tmp_path / "out")
    assert "0.0.9" in Work(str(out.path), out.sha256())(job).why
    assert "holds another study" in Work(str(out.path), "0f")(job).why
    (tmp_path / "out" / STUDY).write_text("{", encoding="utf-8")
    with pytest.raises(StudyError, match=r"study.json is damaged"):
        studied(own, tmp_path / "out", results=False)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match="holds no study"):
        studied(own, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_the_settings_of_another_rig_are_those_of_single_runs(own, tmp_path):
    other = load(example("demo"))
    other = other.model_copy(update={"triage": other.triage.model_copy(update={"knee_mm": 77.0})})
    folder, _, _ = studied(own, tmp_path / "other", settings=other)
    session = read_session(own / "s")
    results_of_try(own / "s", session, session.tries[0], lambda rig: with_settings(rig, other)).write(tmp_path / "one.h5")
    assert datasets(folder.result("s/01-light", ".metrics.h5")) == datasets(tmp_path / "one.h5")
    assert folder.body("s/01-light").triage.knee_mm == 77.0


def test_two_at_a_time_in_one_folder_are_refused(own, tmp_path):
    first = StudyFolder(tmp_path / "out")
    study = first.study()
    first.open(study)
    with pytest.raises(StudyError, match="is being done by"):
        StudyFolder(tmp_path / "out").open(study)
    first.close()


def test_a_full_disk_stops_the_study_leaves_nothing_half_and_it_goes_on_later(own, tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_room(*_):
        raise full

    out = tmp_path / "full"
    with monkeypatch.context() as patch:
        patch.setattr("processing.results.results.claim", no_room)
        with pytest.raises(StudyError, match=r"The disk of .*full takes no more \(No space left on device\): make room"):
            studied(own, out)
    assert sorted(path.name for path in out.iterdir()) == [STUDY]
    with monkeypatch.context() as patch:
        patch.setattr("processing.study.folder.write_whole", no_room)
        with pytest.raises(StudyError, match="takes no more"):
            StudyFolder(tmp_path / "none").open(StudyFolder(out).study())
    _, _, tally = studied(own, out)
    assert len(tally.done) == 2


def test_a_folder_that_workers_do_not_see_is_told(own, tmp_path):
    (job, _) = plan_of(str(own), tmp_path / "out").jobs
    assert "Its folder must be one that all workers have at the same path" in Work(str(tmp_path / "elsewhere"), "0f")(job).why


def test_a_mistake_in_the_program_is_one_recording_that_failed(own, tmp_path, monkeypatch):
    def wrong(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(task, "reprocess", wrong)
    _, _, tally = studied(own, tmp_path / "wrong")
    assert {one.why for one in tally.failed.values()} == {"This is a mistake in squatscope: ZeroDivisionError: by zero."}
    assert not list((tmp_path / "wrong").rglob("*.h5"))


def test_a_session_of_which_a_set_is_missing_or_failed_has_no_answer(own, tmp_path):
    (own / "s" / "02-cue.h5").unlink()
    folder, plan, tally = studied(own, tmp_path / "missing")
    assert tally.failed["s/02-cue"].why == "The session in s names this recording, and it is missing."
    (told,) = answers(folder, plan.sessions, tally.done)
    assert (told.state, told.answer, told.missing) == ("", "Can't be told, as 1 of 2 sets failed.", "02-cue")
    (own / "s" / "session.json").write_text("{", encoding="utf-8")
    _, plan, tally = studied(own, tmp_path / "damaged")
    assert plan.sessions == []
    assert "is damaged" in tally.failed["s/01-light"].why


def test_sets_that_do_not_count_are_left_out_and_counted(own, tmp_path):
    session = read_session(own / "s")
    refused = session.tries[1].model_copy(update={"accepted": False})
    write_session(own / "s", session.model_copy(update={"tries": [session.tries[0], refused]}))
    plan = plan_of(str(own), tmp_path / "out")
    assert ([job.name for job in plan.jobs], plan.not_counting) == (["s/01-light"], 1)


def test_one_recording_twice_is_told(own, tmp_path):
    (own / "copy.h5").write_bytes((own / "s" / "01-light.h5").read_bytes())
    _, _, tally = studied(own, tmp_path / "twice", results=False)
    assert tally.same() == [("s/01-light", "copy")]


def test_a_folder_without_recordings_is_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="There is no recording in"):
        plan_of(str(tmp_path / "empty"), tmp_path / "out")
    with pytest.raises(StudyError, match="is no folder"):
        plan_of(str(tmp_path / "none"), tmp_path / "out")


def test_the_study_itself_is_no_part_of_what_is_studied(own):
    out = own / "out"
    _, _, first = studied(own, out)
    _, _, second = studied(own, out)
    assert sorted(first.done) == sorted(second.done) == ["s/01-light", "s/02-cue"]
    assert second.others == 0


@dataclass(frozen=True)
class Deadly:
    """The work of a study, in which some recordings end their worker: always, or once."""

    work: Work
    always: str
    once: str
    folder: str

    def __call__(self, job):
        marker = Path(self.folder, "once")
        if job.name == self.always or (job.name == self.once and not marker.exists()):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.work(job)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_recording_that_ends_its_worker_is_listed_and_the_rest_is_done(recordings, study, cluster, tmp_path, monkeypatch):
    """Each worker that is started anew takes seconds, so none is ended twice by one task, as workers are in other tests."""
    monkeypatch.setattr(cluster._client.cluster.scheduler, "allowed_failures", 0)
    out = tmp_path / "out"
    folder, plan, tally = StudyFolder(out), plan_of(str(recordings), out), Tally()
    folder.open(study[0].study().model_copy(update={"results": False}))
    for _ in run(plan, Deadly(Work(str(out), folder.sha256()), NAMES[0], NAMES[2], str(tmp_path)), cluster, tally):
        pass
    folder.close()
    assert sorted(tally.done) == sorted(NAMES[1:])
    assert "its worker was ended by the operating system" in tally.failed[NAMES[0]].why
    for name in tally.done:
        assert folder.body(name) == study[0].body(name)
    assert not (out / "unfinished").exists()


def test_outcomes_are_small(study):
    for outcome in [*study[2].done.values(), *study[2].failed.values()]:
        assert isinstance(outcome, Done | Failed)
        assert len(repr(replace(outcome))) < 1000


def test_recordings_behind_an_address_give_what_they_give_in_a_folder(recordings, study, tmp_path):
    pytest.importorskip("aiohttp")
    with serving(recordings) as (address, handler):
        folder, plan, tally = studied(f"{address}/", tmp_path / "out")
        assert sorted(tally.done) == sorted(NAMES)
        assert sorted(tally.failed) == ["text", "torn"]
        assert "torn.h5 is no HDF5 file, or is damaged" in tally.failed["torn"].why
        for name in NAMES:
            assert datasets(folder.result(name, ".metrics.h5")) == datasets(study[0].result(name, ".metrics.h5"))
        assert list(answers(folder, plan.sessions, tally.done)) == list(answers(study[0], study[1].sessions, study[2].done))
        handler.asked.clear()
        _, _, again = studied(f"{address}/", tmp_path / "out")
        assert again.already == len(NAMES)
        assert not [path for method, path, _ in handler.asked if method == "GET" and path.endswith(("/r.h5", "light.h5"))]
        handler.cut.add("/r.h5")
        _, _, broken = studied(f"{address}/", tmp_path / "broken", results=False)
        assert "can't be fetched" in broken.failed["r"].why
        assert len(broken.done) == len(NAMES) - 1
    assert not list(Path(tempfile.gettempdir()).glob("squatscope-fetched-*"))
