#!/usr/bin/env python3
"""Writes schemas.json from custom resource definitions: python3 slim.py FOLDER (needs PyYAML).

Descriptions and what the tests do not judge go. A subschema that occurs more than once is kept once, under a number in
`shared`, and referred to as {"$ref": number}: the pod specification occurs dozens of times in a Workflow. One shared
subschema and one kind a line, so that a newer definition shows as a readable difference.
"""
import collections
import json
import os
import sys

import yaml

FILES = [
    "argo-workflows-workflowtemplates.yaml",
    "argo-workflows-cronworkflows.yaml",
    "argo-workflows-workflows.yaml",
    "spark-operator-sparkapplications.yaml",
    "argo-cd-application.yaml",
    "argo-cd-appproject.yaml",
]
KEEP = {
    "type", "enum", "pattern", "required", "nullable", "minimum", "maximum", "minLength", "maxLength", "minItems",
    "maxItems", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
}
# Formats that bound a number; the others (date-time) hold only for fields that a controller writes.
FORMATS = {"int32", "int64"}
# Judged by the API server, and by nobody here: defaults fill in, map types merge, rules in CEL need an interpreter, and
# anyOf only repeats x-kubernetes-int-or-string.
DROPPED = {"description", "default", "format", "x-kubernetes-map-type", "x-kubernetes-validations"}


def slim(schema):
    out = {}
    for key, value in schema.items():
        if key in KEEP:
            out[key] = value
        elif key == "properties":
            out[key] = {name: slim(part) for name, part in value.items()}
        elif key == "items" or (key == "additionalProperties" and isinstance(value, dict)):
            out[key] = slim(value)
        elif key == "additionalProperties":
            out[key] = value
        elif key == "format" and value in FORMATS:
            out[key] = value
        elif key == "anyOf" and value == [{"type": "integer"}, {"type": "string"}] and schema.get("x-kubernetes-int-or-string"):
            continue
        elif key not in DROPPED:
            sys.exit(f"slim.py: {key} is not known: keep it and judge it, or name why not")
    return out


def text(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


class Sharer:
    """Finds equal subschemas by their text, from the leaves up."""

    def __init__(self):
        self.count = collections.Counter()
        self.number = {}
        self.shared = []

    def measure(self, schema):
        key = text(schema)
        self.count[key] += 1
        if self.count[key] == 1:
            for part in parts(schema):
                self.measure(part)

    def fold(self, schema):
        key = text(schema)
        if key in self.number:
            return {"$ref": self.number[key]}
        out = dict(schema)
        if "properties" in out:
            out["properties"] = {name: self.fold(part) for name, part in out["properties"].items()}
        for name in ("items", "additionalProperties"):
            if isinstance(out.get(name), dict):
                out[name] = self.fold(out[name])
        if self.count[key] > 1 and len(key) > 60:
            self.number[key] = len(self.shared)
            self.shared.append(out)
            return {"$ref": self.number[key]}
        return out


def parts(schema):
    yield from schema.get("properties", {}).values()
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield schema[name]


def main():
    kinds = {}
    for name in FILES:
        with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
            definition = yaml.safe_load(file)
        spec = definition["spec"]
        for version in spec["versions"]:
            if version["served"]:
                schema = slim(version["schema"]["openAPIV3Schema"])
                kinds[f"{spec['group']}/{version['name']}/{spec['names']['kind']}"] = schema
    sharer = Sharer()
    for schema in kinds.values():
        sharer.measure(schema)
    folded = {name: sharer.fold(schema) for name, schema in kinds.items()}
    lines = ",\n".join(text(schema) for schema in sharer.shared)
    ends = ",\n".join(f"{text(name)}:{text(schema)}" for name, schema in folded.items())
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "schemas.json"), "w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"shared":[\n{lines}\n],"kinds":{{\n{ends}\n}}}}\n')


main()
