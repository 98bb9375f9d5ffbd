"""The JSON schema of study files, which editors use to complete and check them as they are written. It is generated from the models."""

from typing import Any

from landscape.config.trial_config import TrialConfig
from landscape.space.space import Space

COMPONENTS = ("Choice", "MetricChoice", "RegularizerChoice")
"""The models that have short forms, such as `hinge`, `hinge:margin=2` or `{hinge: {margin: 2}}`. Their fields are checked on reading."""
ONE_OR_MORE = {"Parameter": ("sets", "when"), "First": ("when",), "Claim": ("data", "levels", "against", "correlates", "where")}
"""The fields that take one name or a list of names."""


def schema() -> dict[str, Any]:
    """Return the schema of a study file as a JSON object.

    It allows every short form that a file may use, and it refuses unknown fields and values of a wrong type or range. Names of components
    and what depends on several fields at once are left to the program, which reads plugins.
    """
    found = Space.model_json_schema(mode="validation")
    models = found["$defs"]
    for model, fields in ONE_OR_MORE.items():
        for field in fields:
            models[model]["properties"][field] = _one_or_more(models[model]["properties"][field])
    models["Confirmation"]["properties"]["cells"] = {
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^top \d+$"}]
    }
    properties = found["properties"]
    properties["trials"] = {"anyOf": [{"type": "integer", "minimum": 1}, properties["trials"]]}
    properties["protocol"] = {"anyOf": [{"type": "string"}, properties["protocol"]]}
    properties["base"]["propertyNames"] = {"enum": sorted(set(TrialConfig.model_fields) - {"dataset", "seed"})}
    properties["axes"] = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "array", "minItems": 1, "items": _short()}}
    found = _with_short_forms(found)
    for model in (*COMPONENTS, "Entry"):
        found["$defs"].pop(model, None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "study.schema.json", **found, "title": "A study"}


def _short() -> dict[str, Any]:
    """Return the forms of an entry of an axis: a component in any form, several regularizers, or an entry written out."""
    return {"type": ["string", "object", "array"]}


def _one_or_more(field: dict[str, Any]) -> dict[str, Any]:
    if field["type"] == "object":
        return field | {"additionalProperties": _one_or_more(field["additionalProperties"])}
    kept = {name: value for name, value in field.items() if name in ("title", "description", "default")}
    return kept | {"anyOf": [{"type": "string"}, {"type": "array", "items": field["items"]}]}


def _with_short_forms(node: Any) -> Any:
    """Replace every reference to the model of a component by its forms."""
    if isinstance(node, list):
        return [_with_short_forms(each) for each in node]
    if not isinstance(node, dict):
        return node
    if str(node.get("$ref", "")).rpartition("/")[2] in COMPONENTS:
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return rest | {"type": ["string", "object"]}
    return {name: _with_short_forms(value) for name, value in node.items()}
