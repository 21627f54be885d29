"""Mistakes in a settings file: each of pydantic's errors as a sentence with its line, what was found and what was meant."""

from __future__ import annotations

import re
import types
from copy import deepcopy
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from hardware.settings import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from acquisition.rig.toml_lines import KeyPath
OTHER_UNITS = {"ms", "cm", "m", "kg", "percent", "khz", "mv", "v", "sec", "us"}


class Mistakes:
    """Puts pydantic's errors about one file into sentences."""

    def __init__(self, model: type[BaseModel], data: dict[str, Any], lines: dict[KeyPath, int]) -> None:
        self._model = model
        self._data = data
        self._lines = lines

    def sentences(self, error: ValidationError) -> Iterator[tuple[int, str]]:
        """Yield line and sentence of each error."""
        for detail in error.errors(include_url=False):
            key_path, annotation = self._resolve(detail)
            kind, key = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
            if kind not in ("missing", "extra_forbidden", "list_type") and self._is_list_in_union(key_path, annotation):
                continue  # it is none of the other members, and what is wrong with it as a list follows
            if kind == "extra_forbidden":
                yield self._line(key_path), f"there is no setting {_shown(key)}{_in(key_path[:-1])}{_meant(key, annotation)}"
            elif kind in ("missing", "union_tag_not_found"):
                key = key if kind == "missing" else "kind"
                table = key_path[:-1] if kind == "missing" else key_path
                yield self._line(table), f"the setting {key!r} is missing{_in(table)}; it takes {_takes(annotation, key)}."
            elif kind == "value_error":
                text = str(detail["ctx"]["error"])
                yield self._line_within(key_path or self._culprit(text), text), f"{text}."
            else:
                if kind == "union_tag_invalid":
                    key_path = (*key_path, "kind")
                yield (
                    self._line(key_path),
                    f"{_name(key_path)} is {_shown(self._at(key_path))}; it takes {_takes(annotation, 'kind')}.",
                )

    def _resolve(self, detail: ErrorDetails) -> tuple[KeyPath, Any]:
        """Return where an error stands in the file, and what is expected there.

        Pydantic's way to it names the members of unions as well, which stand in no file.
        """
        key_path: KeyPath = ()
        value: Any = self._data
        annotation: Any = self._model
        if not detail["loc"]:
            return key_path, annotation
        *way, last = detail["loc"]
        for part in way:
            if isinstance(part, int) or (isinstance(value, dict) and part in value):
                key_path = (*key_path, part)
                value = value[part]
                annotation = _below(annotation, part)
            else:
                annotation = _member(annotation, part)
        if isinstance(last, str) and detail["type"] != "missing" and not (isinstance(value, dict) and last in value):
            return key_path, annotation
        below = annotation if detail["type"] == "extra_forbidden" else _below(annotation, last)
        return (*key_path, last), below

    def _is_list_in_union(self, key_path: KeyPath, annotation: Any) -> bool:  # noqa: ANN401
        """Return whether a list stands where a list is one of several things allowed."""
        members = _members(annotation)
        return (
            isinstance(self._at(key_path), list) and len(members) > 1 and any(get_origin(member) is list for member in members)
        )

    def _at(self, key_path: KeyPath) -> Any:  # noqa: ANN401 - whatever stands in the file
        value: Any = self._data
        for part in key_path:
            value = value[part]
        return value

    def _line(self, key_path: KeyPath) -> int:
        """Return the line of a key path, or of the nearest table around it."""
        while key_path and key_path not in self._lines:
            key_path = key_path[:-1]
        return self._lines.get(key_path, 1)

    def _line_within(self, key_path: KeyPath, text: str) -> int:
        """Return the line, under a key path, of what a sentence quotes or of the key it names; else of the path itself."""
        within = [deeper for deeper in self._lines if deeper[: len(key_path)] == key_path and len(deeper) > len(key_path)]
        for quoted in re.findall(r"'([^']*)'", text):
            for deeper in within:
                if deeper[-1] not in ("name", "side") and self._at(deeper) == quoted:
                    return self._line(deeper)
        for deeper in within:
            if deeper[-1] != "name" and isinstance(deeper[-1], str) and re.search(rf"\b{re.escape(deeper[-1])}\b", text):
                return self._line(deeper)
        return self._line(key_path)

    def _culprit(self, text: str) -> KeyPath:
        """Return the smallest part of the file without which all of it fits, or at least that complaint is gone."""
        items: list[KeyPath] = [(k, i) for k, v in self._data.items() if isinstance(v, list) for i in range(len(v))]
        complaints = {
            key_path: self._complaint_without(key_path) for key_path in (*reversed(items), *((key,) for key in self._data))
        }
        whole = [key_path for key_path, complaint in complaints.items() if complaint is None]
        other = [key_path for key_path, complaint in complaints.items() if complaint and text not in complaint]
        return (*whole, *other, ())[0]

    def _complaint_without(self, key_path: KeyPath) -> str | None:
        """Return what is wrong with all of the file, None if nothing is; "" if parts are wrong without that part."""
        rest: Any = deepcopy(self._data)
        del (rest[key_path[0]] if len(key_path) == 2 else rest)[key_path[-1]]
        try:
            self._model.model_validate(rest, strict=True)
        except ValidationError as error:
            return "" if any(detail["loc"] for detail in error.errors()) else str(error)
        return None


def _name(key_path: KeyPath) -> str:
    """Return a key path in words: `rules.load_shift.hold_s`, `plate 2, channels 3`."""
    words = ""
    for part in key_path:
        if isinstance(part, int):
            words += f" {part + 1}"
        elif words and words[-1].isdigit():
            words += f", {part}"
        else:
            words += f".{part}" if words else part
    return words


def _in(key_path: KeyPath) -> str:
    return f" in {_name(key_path)}" if key_path else ""


def _shown(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _bare(annotation: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401
    """Return an annotation without Annotated, and the constraints that stood in it."""
    constraints: list[Any] = []
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        constraints += more
    return annotation, constraints


def _members(annotation: Any) -> list[Any]:  # noqa: ANN401
    annotation, _ = _bare(annotation)
    return list(get_args(annotation)) if get_origin(annotation) in (Union, types.UnionType) else [annotation]


def _models(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401
    return [m for m in _members(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]


def _below(annotation: Any, part: int | str) -> Any:  # noqa: ANN401
    """Return what is expected one step down."""
    for member in _members(annotation):
        if isinstance(part, int) and get_origin(member) is list:
            return get_args(member)[0]
    for model in _models(annotation):
        if part in model.model_fields:
            field = model.model_fields[str(part)]
            return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return None


def _member(annotation: Any, tag: int | str) -> Any:  # noqa: ANN401
    """Return the member of a union that pydantic means by a tag."""
    for model in _models(annotation):
        if "kind" in model.model_fields and tag in get_args(model.model_fields["kind"].annotation):
            return model
    return next((m for m in _members(annotation) if str(tag) in (str(m), getattr(m, "__name__", ""))), annotation)


def _meant(key: str, annotation: Any) -> str:  # noqa: ANN401
    """Return the end of the sentence about an unknown key: the valid one that comes closest, or all of them."""
    valid = [name for model in _models(annotation) for name in model.model_fields]
    stem, _, unit = key.rpartition("_")
    stems = {key.lower(), stem.lower()} if unit.lower() in {*OTHER_UNITS, *map(str.lower, UNITS)} else {key.lower()}
    for name in valid:
        begin, _, ending = name.rpartition("_")
        if ending in UNITS and begin.lower() in stems:
            return f"; did you mean {name!r}? Settings carry their unit in their name, here {UNITS[ending].words}."
    closest = get_close_matches(key.lower(), [name.lower() for name in valid], 1, 0.5)
    if closest:
        return f"; did you mean {next(name for name in valid if name.lower() == closest[0])!r}?"
    return f"; the settings there are {', '.join(valid)}."


def _takes(annotation: Any, tag: str = "") -> str:  # noqa: ANN401
    """Return in words what is allowed."""
    annotation, constraints = _bare(annotation)
    if models := _models(annotation):
        if len(models) == 1:
            return f"a table with {', '.join(models[0].model_fields)}"
        kinds = ", ".join(repr(kind) for model in models for kind in get_args(model.model_fields["kind"].annotation))
        return f"one of {kinds}" if tag == "kind" else f"a table whose kind is one of {kinds}"
    if len(_members(annotation)) > 1:
        return " or ".join(_takes(member) for member in _members(annotation) if member is not type(None))
    if get_origin(annotation) is Literal:
        values = ", ".join(repr(value) for value in get_args(annotation))
        return f"one of {values}" if len(get_args(annotation)) > 1 else values
    limits = [limit for constraint in constraints for limit in _limits(constraint)]
    if len(set(limits)) == len(limits) == 2 and limits[0].replace("least", "most") == limits[1]:
        limits = [limits[0].removeprefix("at least ")]
    if get_origin(annotation) is list:
        of = get_args(annotation)[0]
        return " ".join(["a list of tables" if _models(of) else f"a list, each of it {_takes(of)},", *limits]).rstrip(",")
    word = {
        str: "a text in quotation marks",
        float: "a number",
        int: "a whole number",
        bool: "true or false",
    }.get(annotation, "another value")
    return " ".join([word, *limits])


def _limits(constraint: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the words of a constraint."""
    for part in getattr(constraint, "metadata", [constraint]):
        for attribute, words in (
            ("gt", "above {:g}"),
            ("ge", "from {:g}"),
            ("lt", "below {:g}"),
            ("le", "up to {:g}"),
            ("pattern", "of the form {}"),
            ("min_length", "at least {:d} long"),
            ("max_length", "at most {:d} long"),
        ):
            if (limit := getattr(part, attribute, None)) is not None:
                yield words.format(limit)
