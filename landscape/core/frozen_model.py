"""Immutable, validated data models that report a mistake in one line."""

from collections.abc import Mapping
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from landscape.core.errors import UserError, unknown
from landscape.core.old_spellings import respelled


class UserErrorAsValueError(ValueError):
    """Carries a UserError through pydantic, which passes on only a ValueError from a validator."""

    def __init__(self, error: UserError) -> None:
        super().__init__(str(error))
        self.error = error


class Frozen(BaseModel):
    """Base of the immutable models. Unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _reads_old_spellings(cls, data: Any) -> Any:
        return respelled(data) if isinstance(data, Mapping) else data

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, source: str = "") -> Self:
        """Build the model from plain data.

        Args:
            data: The fields. Old spellings of field names are accepted.
            source: Where the data come from, such as `file:line`. It is put in front of the error message.

        Raises:
            UserError: A field is not valid. The line names the field, the value and what is valid.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            cause = _telling(error).get("ctx", {}).get("error")
            kind = type(cause.error) if isinstance(cause, UserErrorAsValueError) else UserError
            raise kind(_one_line(cls, error, source)) from None

    def to_json(self) -> dict[str, Any]:
        """Return plain data with every field present; `parse` builds an equal object from it."""
        return self.model_dump(mode="json")


def _telling(error: ValidationError) -> Any:
    """Choose the error to show. A misspelled field is shown before the field that is missing because of it."""
    errors = error.errors()
    return next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])


def _model_at(cls: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model to which the last field of `path` belongs."""
    for part in path[:-1]:
        found = cls.model_fields.get(str(part))
        kinds = (found.annotation, *get_args(found.annotation)) if found is not None else ()
        cls = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), cls)
    return cls


def _one_line(cls: type[BaseModel], error: ValidationError, source: str) -> str:
    first = _telling(error)
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, UserErrorAsValueError):
        return f"{source}: {cause}" if source else str(cause)
    where = ".".join(str(part) for part in first["loc"]) or cls.__name__
    if first["type"] == "extra_forbidden":
        model = _model_at(cls, first["loc"])
        message = str(unknown(f"field of {model.__name__}", str(first["loc"][-1]), model.model_fields))
    elif first["type"] == "missing":
        message = f"{where} is missing: give it"
    else:
        message = f"{where}={first.get('input')!r}: {first['msg'].removeprefix('Value error, ')}"
    return f"{source}: {message}" if source else message
