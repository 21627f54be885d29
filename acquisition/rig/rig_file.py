"""Rig files: settings read from TOML; each mistake is one sentence, with its line, what was found and what was meant."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from acquisition.rig import Rig
from acquisition.rig.mistakes import Mistakes
from acquisition.rig.toml_lines import lines_of
from hardware.errors import SquatscopeError

if TYPE_CHECKING:
    pass

Model = TypeVar("Model", bound=BaseModel)

RIGS = Path(__file__).parent / "examples"
MOST_BYTES = 1_000_000


class RigError(SquatscopeError):
    """A settings file can't be used; the text has one full sentence per mistake, each on a line of its own."""


def load(path: Path) -> Rig:
    """Read a rig file; raises RigError, which lists every mistake that was found."""
    return read_toml(path, Rig)


def examples() -> tuple[str, ...]:
    """Return the names of the rigs that are shipped."""
    return tuple(sorted(path.stem for path in RIGS.glob("*.toml")))


def example(name: str) -> Path:
    """Return the file of a rig that is shipped; raises RigError where there is none of that name."""
    if name not in examples():
        raise RigError(f"There is no rig {name!r} among those shipped; they are {', '.join(examples())}.")
    return RIGS / f"{name}.toml"


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into a pydantic model, without converting any type; raises RigError with a sentence per mistake."""
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise RigError(f"{path} is nested too deeply to be settings.") from None
    except ValueError as error:
        raise RigError(_syntax(path, text, str(error))) from None
    try:
        return model.model_validate(data, strict=True)
    except ValidationError as error:
        mistakes = Mistakes(model, data, lines_of(text))
        found = sorted(dict.fromkeys(mistakes.sentences(error)), key=lambda mistake: mistake[0])
        raise RigError("\n".join(f"{path}, line {line}: {sentence}" for line, sentence in found)) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise RigError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB, too large to be settings; is it another file?")
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise RigError(f"There is no file {path}.") from None
    except UnicodeDecodeError as error:
        raise RigError(
            f"{path} is not a text in UTF-8 (byte {error.start} is not); save it as plain text with the encoding UTF-8."
        ) from None
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise RigError(f"{path} is a folder; name the TOML file in it.") from None
        raise RigError(f"{path} can't be read: {error}.") from None
    if not text.strip():
        raise RigError(f"{path} is empty; `squatscope` comes with rigs to begin from: {', '.join(examples())}.")
    return text


def _syntax(path: Path, text: str, said: str) -> str:
    found = re.search(r" \(at line (\d+), column \d+\)$", said)
    line = found[1] if found else str(text.rstrip().count("\n") + 1)
    what = re.sub(r" \(at [^()]*\)$", "", said).rstrip(".")
    hint = "; is it a text without quotation marks?" if what == "Invalid value" else "."
    return f"{path}, line {line}: this is not TOML: {what}{hint}"
