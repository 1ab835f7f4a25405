#!/usr/bin/env python3
"""Writes into our own task cases what the interpreter makes of them: status, output or error and cause, and the `input` of each
attempt. Standard library only.

    task_cases.py EMR2K8S [CASE...]

By hand a case needs `about`, `definition`, `input` and `tasks` with an `output`, or an `error` and a `cause`, for each attempt, in the order in which the
interpreter asks for them; `objects` are the texts on S3 by `bucket/key`, and `files` what a ResultWriter is to put there, by the last part of the key. Read what this writes: it is right only if Step Functions would do the same.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

from conformance import HERE, Number, dump, parse, payload

NO_INPUT = "no call sends this"


def shown(value):
    """A payload as cases show it: an object as it is, any other as its JSON text."""
    return value if isinstance(value, dict) else dump(value)


def pretty(value, indent=0, width=140):
    """JSON, on one line each what fits there."""
    line = dump_spaced(value)
    if len(line) + 2 * indent <= width or not isinstance(value, (dict, list)) or not value:
        return line
    pad, end = "  " * (indent + 1), "  " * indent
    if isinstance(value, list):
        parts, brackets = [pretty(v, indent + 1, width) for v in value], "[]"
    else:
        parts, brackets = [f"{json.dumps(k, ensure_ascii=False)}: {pretty(v, indent + 1, width)}" for k, v in value.items()], "{}"
    return brackets[0] + "\n" + ",\n".join(pad + p for p in parts) + "\n" + end + brackets[1]


def dump_spaced(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {dump_spaced(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dump_spaced, value)) + "]"
    return dump(value)


def simulate(program, case):
    with tempfile.TemporaryDirectory() as folder:
        def file(name, value):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(dump(value))
            return path

        tasks = {state: [{**{k: payload(v) if k == "output" else v for k, v in entry.items()}, "input": NO_INPUT} for entry in entries]
                 for state, entries in case.get("tasks", {}).items()}
        objects = os.path.join(folder, "objects")
        os.makedirs(objects)
        for place, text in case.get("objects", {}).items():
            path = os.path.join(objects, place)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as out:
                out.write(text)
        run = subprocess.run(
            [program, "simulate", "--objects", objects, file("case.asl.json", case["definition"]), "--input", file("input.json", payload(case.get("input", {}))),
             "--tasks", file("tasks.json", tasks)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if run.returncode > 1:
            raise ValueError(run.stderr.decode())
        return parse(run.stdout.decode())


def fill(program, case):
    report = simulate(program, case)
    for key in ("status", "output", "error", "cause"):
        case.pop(key, None)
    case["status"] = report["status"]
    if "output" in report:
        case["output"] = shown(report["output"])
    for key in ("error", "cause"):
        if key in report:
            case[key] = report[key]
    sent = {(d["state"], int(d["attempt"])): d["sent"] for d in report.get("differences", [])}
    for state, entries in case.get("tasks", {}).items():
        for number, entry in enumerate(entries, 1):
            entry.pop("input", None)
            if (state, number) not in sent:
                raise ValueError(f"attempt {number} of `{state}` is never asked for: {dump(report)}")
            rest = dict(entry)
            entry.clear()
            entry.update({"input": shown(sent[state, number]), **rest})
    tasks = case.pop("tasks", None)
    if tasks is not None:
        case["tasks"] = tasks


def main():
    program, only = sys.argv[1], set(sys.argv[2:])
    failed = False
    for path in sorted(glob.glob(os.path.join(HERE, "task-cases", "*.json"))):
        if only and os.path.splitext(os.path.basename(path))[0] not in only:
            continue
        with open(path, encoding="utf-8") as file:
            case = parse(file.read())
        try:
            fill(program, case)
        except ValueError as error:
            failed = True
            print(f"{path}: {error}", file=sys.stderr)
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(pretty(case) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
