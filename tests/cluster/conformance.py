#!/usr/bin/env python3
"""Does a state machine, migrated, do on the real controller what AWS Step Functions recorded? Standard library only.

    conformance.py --program EMR2K8S --bin FOLDER --work FOLDER [--recordings FOLDER] [--table FILE] [--parallel N] [CASE...]

Cases are the recordings (FOLDER/cases, FOLDER/task-cases) and our own (task-cases beside this file, whose outcomes are the
interpreter's: tests/task_cases.rs). All become one estate that is migrated once; what was not refused runs, and is compared: status,
output, error, cause, and each request of a task. With --table the outcome of all is compared with that Markdown page;
EMR2K8S_BLESS=1 writes it. CASE...: only these, by the id in the table. Exit code 1 if anything ran and differs.

What is played, and how:
- A task is a pod of the template or step that has the state's name; its outcomes come from the case, attempt by attempt, and are told apart by
  their input where order is open. A failed attempt exits with 1 and leaves the output parameter `error`.
- An attempt that is to time out (`seconds` over the state's TimeoutSeconds, or recorded as such) outlives its pod's deadline if that is
  10 s or less; else it fails with States.Timeout by itself.
- Waits are real, but those over 2 s take 1 s: durations of `suspend` and of `backoff` are rewritten in the manifests. One that is an expression is
  still evaluated; what it gives is then shortened.
- A container that polls takes outcomes until its own program (jq) ends it; a request that is not the case's fails it.
- A task that waits for its token is two nodes: the call's pod, which succeeds, and the suspended step, which gets the outcomes; one that is to
  time out gets none. A token of the interpreter's (`task-token-1`) stands for one of a workflow.
- What a Map reads from S3 is what the container gives that reads it: the case's `objects`, or those of tests/conformance/objects.json for a recorded one.
  What a Map writes there is compared with the case's `files`.
- Where calls were recorded but the ARN of what they call is hidden behind a token, it is a function's.
- A time token in the input of a recorded success becomes a real time in the past. A token in what AWS answered stands for any text.
"""
import argparse
import collections
import decimal
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
A_TIME = "2016-03-14T01:59:00Z"
TIME_TOKENS = {"date", "timestamp", "<timestamp>"}
TOKENS = {"snf_role_arn", "a_task_token", "generated-uuid", "RandomNumberGenerated"}
with open(os.path.join(HERE, "..", "conformance", "objects.json"), encoding="utf-8") as objects_of_cases:
    OBJECTS = json.load(objects_of_cases)
REAL_TIMEOUT = 10  # seconds; a longer one is not waited for
NO_POD, POD, REFUSED, DIFFERS = "no pod", "pod", "refused", "DIFFERS"


# JSON whose numbers keep their text


class Number(str):
    """A number as it is written."""

    def value(self):
        return int(self) if re.fullmatch(r"-?\d+", self) else float(self)


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def dump(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def payload(value):
    """Cases show a payload that is an object as JSON, and any other as its JSON text."""
    if isinstance(value, str) and not isinstance(value, Number):
        try:
            return parse(value)
        except ValueError:
            return value
    return value


def as_json(text):
    try:
        return parse(text)
    except (TypeError, ValueError):
        return None


def walk(value):
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(part)


def replaced(value, old, new):
    if isinstance(value, dict):
        return {key: replaced(v, old, new) for key, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, old, new) for v in value]
    return new if not isinstance(value, Number) and isinstance(value, str) and value in old else value


# Comparing modulo tokens, as tests/conformance.rs and src/simulate/script.rs do

EVENT = re.compile(r"event id #\d+")  # the number of an event in the history of an execution
INTERPRETERS_TOKEN = re.compile(r"task-token-\d+")
WORKFLOWS_TOKEN = re.compile(r"[a-z0-9-]+/[a-z0-9-]+/[^/]+")  # namespace, workflow, node
TOKEN_CHARACTER = re.compile(r"[A-Za-z0-9_:-]")


def token_end(text, start):
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "<":
            depth += 1
        elif text[at] == ">":
            depth -= 1
            if depth == 0:
                return at + 1 if at > start + 1 else None
        elif not TOKEN_CHARACTER.match(text[at]):
            return None
    return None


def text_like(expected, actual):
    if expected == actual:
        return True
    pattern, at = "", 0
    while at < len(expected):
        end = token_end(expected, at) if expected[at] == "<" else None
        if end:
            pattern, at = pattern + ".*", end
        else:
            pattern, at = pattern + re.escape(expected[at]), at + 1
    return re.fullmatch(pattern, actual, re.S) is not None


def like(expected, actual, exact):
    """Whether a value is what a case says; `exact`: 1 is not 1.0, and nothing is a token."""
    if isinstance(expected, Number) or isinstance(actual, Number):
        if isinstance(expected, str) and not isinstance(expected, Number):
            return expected in TIME_TOKENS | TOKENS and not exact
        if not (isinstance(expected, Number) and isinstance(actual, Number)):
            return False
        same_kind = bool(re.fullmatch(r"-?\d+", expected)) == bool(re.fullmatch(r"-?\d+", actual))
        return decimal.Decimal(expected) == decimal.Decimal(actual) and (same_kind or not exact)
    if isinstance(expected, str) and isinstance(actual, str):
        expected, actual = EVENT.sub("event id #", expected), EVENT.sub("event id #", actual)
        if exact:
            return expected == actual or bool(INTERPRETERS_TOKEN.fullmatch(expected) and WORKFLOWS_TOKEN.fullmatch(actual))
        if expected in TIME_TOKENS | TOKENS | {"uuid", "datetime"}:
            return True
        if expected[:1] == "{" and expected != actual:
            try:
                return like(parse(expected), parse(actual), exact)
            except ValueError:
                pass
        return text_like(expected, actual)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(like(e, a, exact) for e, a in zip(expected, actual))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(like(expected[k], actual[k], exact) for k in expected)
    return type(expected) is type(actual) and expected == actual


# Cases


def with_functions(definition):
    """Recordings hide the ARN of a function behind a token; a function is called by one."""
    if isinstance(definition, dict):
        called = definition.get("Type") == "Task" and definition.get("Resource") in ("__tbd__", "_tbd_", "__tbc__")
        changed = {key: with_functions(value) for key, value in definition.items()}
        return {**changed, "Resource": "arn:aws:lambda:eu-west-1:111111111111:function:recorded"} if called else changed
    if isinstance(definition, list):
        return [with_functions(item) for item in definition]
    return definition


class Case:
    def __init__(self, kind, path):
        with open(path, encoding="utf-8") as file:
            self.data = parse(file.read())
        self.kind = kind
        self.id = os.path.splitext(os.path.basename(path))[0]
        self.exact = kind == "own"
        # A pipeline's name tells the case.
        self.pipeline = {"cases": "m-", "task-cases": "t-", "own": "o-"}[kind] + self.id
        self.status = self.data["status"]
        self.definition = with_functions(self.data["definition"]) if self.data.get("tasks") else self.data["definition"]
        self.tasks = self.data.get("tasks") or {}
        self.input = payload(self.data.get("input"))
        if self.status == "SUCCEEDED":
            self.input = replaced(self.input, TIME_TOKENS, A_TIME)
        self.states = {name: state for part in walk(self.definition) if isinstance(part, dict) and isinstance(part.get("States"), dict)
                       for name, state in part["States"].items() if isinstance(state, dict)}
        self.concurrent = any(state.get("Type") in ("Map", "Parallel") for state in self.states.values())
        self.objects = self.data.get("objects") or (OBJECTS.get(self.id) if kind != "own" else None) or {}
        self.calls, self.of = [], {}  # all, and those of tasks, see calls_of and tasks_of
        self.evaluating, self.raising = set(), set()

    @property
    def what(self):
        return self.id if self.kind == "own" else self.data["id"].rsplit("::", 1)[-1]


def load_cases(recordings, only):
    folders = [("own", os.path.join(HERE, "task-cases"))]
    if recordings:
        folders = [(kind, os.path.join(recordings, kind)) for kind in ("cases", "task-cases")] + folders
    cases = [Case(kind, path) for kind, folder in folders for path in sorted(glob.glob(os.path.join(folder, "*.json")))]
    return [c for c in cases if not only or c.id in only]


# From cases to workflows


def migrate(cases, program, work, output):
    """One estate of all cases; what migrate says of each, and the objects of each as kustomize renders them. `output`: whether the executions' outputs are wanted."""
    estate, out, rendered = (os.path.join(work, name) for name in ("estate", "out", "rendered"))
    for folder in (estate, out, rendered):
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(estate)
    os.makedirs(rendered)
    with open(os.path.join(estate, "emr2k8s.yaml"), "w", encoding="utf-8") as file:
        file.write("output: always\n" if output else "{}\n")
    for case in cases:
        with open(os.path.join(estate, case.pipeline + ".asl.json"), "w", encoding="utf-8") as file:
            file.write(dump(case.definition))
    run = subprocess.run([program, "migrate", estate, "--out", out, "--format", "json"], stdout=subprocess.PIPE, check=False)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        sys.exit(f"conformance.py: migrate ended with {run.returncode} and no report")
    with open(os.path.join(work, "migrate.json"), "wb") as file:
        file.write(run.stdout)
    said = collections.defaultdict(list)
    for diagnostic in report["diagnostics"]:
        if diagnostic["verdict"] == "refused" or diagnostic["severity"] == "error":
            said[os.path.basename(diagnostic["file"] or "").removesuffix(".asl.json")].append(diagnostic["message"])
    if "emr2k8s.yaml" in said:
        sys.exit(f"conformance.py: {said['emr2k8s.yaml']}")
    return said, out, rendered


def render(cases, kubectl, out, rendered):
    """The objects of pipelines by name. kubectl renders all at once; a namespace each keeps them apart."""
    names = [c.pipeline for c in cases if os.path.isdir(os.path.join(out, "pipelines", c.pipeline, "base"))]
    if not names:
        return {}
    for name in names:
        folder = os.path.join(rendered, name)
        os.makedirs(folder)
        base = os.path.relpath(os.path.join(out, "pipelines", name, "base"), folder)
        with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
            json.dump({"namespace": name, "resources": [base]}, file)
    with open(os.path.join(rendered, "kustomization.yaml"), "w", encoding="utf-8") as file:
        json.dump({"resources": names}, file)
    yaml = os.path.join(rendered, "all.yaml")
    subprocess.run([kubectl, "kustomize", rendered, "-o", yaml], check=True)
    text = subprocess.run([kubectl, "create", "--dry-run=client", "--validate=ignore", "-o", "json", "-f", yaml],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    objects, decoder, at = collections.defaultdict(list), json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        for item in value["items"] if value.get("kind") == "List" else [value]:
            objects[item["metadata"].pop("namespace")].append(item)
    return objects


def templates(objects):
    return [t for o in objects if o["kind"] == "WorkflowTemplate" for t in o["spec"].get("templates", [])]


def evaluates(template):
    container = template.get("container") or {}
    words = container.get("command", []) + container.get("args", [])
    return [os.path.basename(words[0])] + words[1:2] == ["emr2k8s", "eval"] if words else False


def raises(template):
    parameters = (template.get("outputs") or {}).get("parameters") or []
    return any("sprig.fail(" in ((p.get("valueFrom") or {}).get("expression") or "") for p in parameters) and "inputs" in template


def label(state):
    """A state's name as the compiler writes it where it has Latin letters."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", state) if not unicodedata.combining(c))
    plain = re.sub(r"([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])", lambda m: m.group(0) + "-", plain)
    plain = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return plain if plain[:1].isalpha() else "x-" + plain


class Call:
    """A step that calls a pod's template, or one that waits for an answer. Several states may share a template."""

    def __init__(self, template, step, shared):
        self.template, self.step, self.shared = template["name"], step["name"], shared
        self.name = self.step if shared or "-apart-" in self.template else self.template
        self.waits = "suspend" in template
        self.text = dump(template) + dump(step)

    @property
    def key(self):
        """What its outcomes are called by in a script."""
        return self.step if self.shared else "@" + self.template

    def is_of(self, node):
        return template_of(node) == self.template and (not self.shared or node["displayName"].partition("(")[0] == self.step)


def template_of(node):
    """The template that a node is of, also where it is one of another WorkflowTemplate."""
    return node.get("templateName") or (node.get("templateRef") or {}).get("template")


def steps_of(objects):
    return [step for template in templates(objects) for group in template.get("steps") or [] for step in group]


def called_by(step):
    return step.get("template") or (step.get("templateRef") or {}).get("template")


def calls_of(objects):
    """The calls of pods' templates and of those that wait for an answer, by template and step. Where two steps of one name call one template, what they call
    could not be told apart by a script: one gets a copy of it."""
    called = {t["name"]: t for t in templates(objects) if not evaluates(t) and ({"container", "script", "http"} & set(t) or "suspend" in t and t.get("outputs"))}
    steps, seen = collections.defaultdict(list), collections.Counter()
    for step in (s for s in steps_of(objects) if called_by(s) in called):
        name = called_by(step)
        seen[name, step["name"]] += 1
        if seen[name, step["name"]] > 1:
            called[f"{step['name']}-apart-{len(called)}"] = copy = {**called[name], "name": f"{step['name']}-apart-{len(called)}"}
            (step["templateRef"] if "templateRef" in step else step)["template"] = copy["name"]
            next(o for o in objects if o["kind"] == "WorkflowTemplate" and called[name] in o["spec"]["templates"])["spec"]["templates"].append(copy)
            name = copy["name"]
        steps[name].append(step)
    return [Call(called[name], step, len(some) > 1) for name, some in steps.items() for step in some]


def calls_named(calls, name):
    """Those of a name, which may have a number behind it."""
    some = [c for c in calls if re.fullmatch(re.escape(name) + r"(-\d+)?", c.name)]
    return sorted(some, key=lambda c: (c.name != name, natural({"name": c.name})))


def tasks_of(case, calls):
    """The call of each task: one of its name, where several states have it the one that calls what the state calls;
    what is left over pairs up in the order of the definition."""
    pairs, left = {}, [c for c in calls if not c.waits]
    states = [s for s in case.states if s in case.tasks]

    def take(state, some):
        if some:
            pairs[state] = some[0]
            left.remove(some[0])

    for state in states:
        take(state, [c for c in calls_named(left, label(state)) if case.states[state].get("Resource", "?") in c.text])
    for state in states:
        if state not in pairs:
            take(state, calls_named(left, label(state)))
    rest = [s for s in states if s not in pairs]
    for at, state in enumerate(rest):
        take(state, left if len(left) >= len(rest) - at else [])
    return pairs


# Durations that are to be shortened


TAG = re.compile(r"\{\{(=?)(.*?)\}\}", re.S)
SHORT = r"^(([01](\\.[0-9]+)?s?)|2s?|-.*|[0-9.]+(ms|us|µs|ns))$"
DURATION = r"^([0-9]+|([0-9.]+(d|h|ms|us|µs|ns|m|s))+)$"


def expression(text):
    """The expr-lang expression that gives what a text with template tags gives."""
    parts, at = [], 0
    for tag in TAG.finditer(text):
        if tag.start() > at:
            parts.append(json.dumps(text[at:tag.start()]))
        body = tag.group(2).strip()
        if not tag.group(1):  # inputs.parameters.a-b is a name here, a difference in an expression
            first, *rest = body.split(".")
            body = first + "".join(f"['{name}']" for name in rest)
        parts.append(f"string({body})")
        at = tag.end()
    if at < len(text):
        parts.append(json.dumps(text[at:]))
    return " + ".join(parts)


def shortened(duration):
    text = str(duration)
    if "{{" not in text:
        short = re.fullmatch(SHORT.replace("\\\\", "\\"), text)
        return text if short or not re.fullmatch(DURATION, text) else "1s"
    e = expression(text)
    return "{{=(%s) matches \"%s\" or not ((%s) matches \"%s\") ? (%s) : \"1s\"}}" % (e, SHORT, e, DURATION, e)


def quick(objects):
    for template in templates(objects):
        suspend = template.get("suspend") or {}
        # Of a suspension that waits for an answer the duration is a deadline.
        if "duration" in suspend and not template.get("outputs"):
            suspend["duration"] = shortened(suspend["duration"])
        retry = template.get("retryStrategy") or {}
        if "backoff" in retry:
            retry["backoff"] = {"duration": shortened(retry["backoff"].get("duration", "1")), "factor": 1}
    return objects


# Scripts


def attempt(case, state, entry):
    out = {}
    if "input" in entry:
        out["input"] = payload(entry["input"])
    seconds = float(entry.get("seconds", "0"))
    limit = case.states.get(state, {}).get("TimeoutSeconds")
    limit = limit.value() if isinstance(limit, Number) else None
    timed_out = entry.get("event", "").endswith("TimedOut") or (limit is not None and seconds > limit)
    if timed_out and limit is not None and limit <= REAL_TIMEOUT:
        out["delay"] = f"{limit + 5}s"
        out["outputs"] = {"parameters": {"result": "null"}}
        return out
    if seconds and not timed_out:
        out["delay"] = f"{min(seconds, REAL_TIMEOUT)}s"
    if "output" in entry and not timed_out:
        out["outputs"] = {"parameters": {"result": dump(payload(entry["output"]))}}
        return out
    error = {"Error": "States.Timeout"} if timed_out and "output" in entry else {"Error": entry["error"]}
    cause = entry.get("cause")
    has_cause = cause is not None and "output" not in entry
    error["Cause"] = (cause if isinstance(cause, str) else dump(cause)) if has_cause else ""
    message = error["Error"] + (f": {error['Cause']}" if error.get("Cause") else "")
    out.update(exitCode=1, message=message, outputs={"parameters": {"error": dump(error)}})
    return out


def reading(case, reader):
    """What the container gives that reads for a Map, by what it is asked for."""
    wanted = reader.get("Parameters") or reader.get("Arguments") or {}
    flat = (reader.get("ReaderConfig") or {}).get("Transformation") == "LOAD_AND_FLATTEN"
    outcomes = []
    if reader["Resource"].endswith(":listObjectsV2"):
        place = f"{wanted['Bucket']}/{wanted.get('Prefix', '')}"
        found = [(key.partition("/")[2], text) for key, text in sorted(case.objects.items()) if key.startswith(place)]
        listed = [{"Etag": f'"{key}"', "Key": key, "LastModified": 1, "Size": len(text.encode()), "StorageClass": "STANDARD"} for key, text in found]
        result = [{"Key": key, "Body": text} for key, text in found] if flat else listed
        outcomes.append({"input": wanted, "outputs": {"parameters": {"result": json.dumps(result)}}})
    else:
        for place, text in case.objects.items():
            bucket, _, key = place.partition("/")
            outcomes.append({"input": {"Bucket": bucket, "Key": key}, "outputs": {"parameters": {"result": json.dumps(text)}}})
    missing = {"Error": "States.ItemReaderFailed", "Cause": "The specified key does not exist."}
    return outcomes or [{"exitCode": 1, "message": ": ".join(missing.values()), "outputs": {"parameters": {"error": json.dumps(missing)}}}]


def build(case, objects, folder):
    case.calls = calls_of(objects)
    case.of = tasks_of(case, case.calls)
    case.evaluating = {t["name"] for t in templates(objects) if evaluates(t)}
    case.raising = {t["name"] for t in templates(objects) if raises(t)}
    case.polling = {t["name"] for t in templates(objects) if any(v["name"] == "AGAIN" for v in (t.get("script") or {}).get("env") or [])}
    script = {}
    for state, entries in case.tasks.items():
        if state not in case.of:
            continue
        outcomes = [attempt(case, state, entry) for entry in entries]
        call = case.of[state]
        if str(case.states[state].get("Resource", "")).endswith(".waitForTaskToken"):
            script[call.key] = [{"outputs": {"parameters": {"result": "null"}}}]
            call = next((c for c in case.calls if c.waits and c.step == call.step + "-answer"), call)
        script[call.key] = outcomes
    for state, definition in case.states.items():
        if definition.get("ItemReader"):
            for call in calls_named(case.calls, label(state) + "-read"):
                script[call.key] = reading(case, definition["ItemReader"])
    out = {
        "id": case.pipeline,
        "manifests": quick([o for o in objects if o["kind"] != "CronWorkflow"]),
        "submit": {"template": case.pipeline, "parameters": {"input": dump(case.input)}},
    }
    text = json.dumps(out, ensure_ascii=False)
    # Only the script has numbers that must keep their text.
    if script:
        raw = "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:[{','.join(raw_outcome(o) for o in v)}]" for k, v in script.items()) + "}"
        text = text[:-1] + f', "script": {raw}}}'
    # In the order of their names; ours take longest.
    with open(os.path.join(folder, f"{0 if case.kind == 'own' else 1}-{case.pipeline}.json"), "w", encoding="utf-8") as file:
        file.write(text)


def raw_outcome(outcome):
    return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{dump(v) if k == 'input' else json.dumps(v, ensure_ascii=False)}" for k, v in outcome.items()) + "}"


# Results


def natural(node):
    """Sorts nodes as they follow each other in the flow: numbers by value."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"(\d+)", node["name"]))]


def parameters(node, which):
    return {p["name"]: p.get("value") for p in ((node.get(which) or {}).get("parameters") or [])}


def failures(case, result):
    """(error, cause) of what may have ended the run, the last first."""
    bad = sorted((n for n in result["nodes"] if n["phase"] in ("Failed", "Error")), key=natural)
    raised = [parameters(n, "inputs") for n in bad if template_of(n) in case.raising]
    if raised:
        for given in reversed(raised):
            failure = as_json(given.get("failure"))
            if isinstance(failure, dict):
                yield failure.get("Error") or None, failure.get("Cause") or None
            else:
                yield f"the failure {given!r}", None
        return
    for node in reversed([n for n in bad if n["type"] == "Pod"]):
        text = parameters(node, "outputs").get("error")
        if "longer than the specified deadline" in node.get("message", ""):
            yield "States.Timeout", None
        elif text:
            value = as_json(text)
            if isinstance(value, dict):
                yield value.get("Error"), value.get("Cause")
            else:
                yield f"the output `error` of {node['displayName']} is {text!r}", None


def unknowable(case, cause):
    """A cause that holds an id or a time which the recording does not have."""
    texts = [v for v in walk(case.input) if isinstance(v, str) and not isinstance(v, Number)]
    return not case.exact and (any(t in TIME_TOKENS for t in texts) or (isinstance(cause, str) and "activity_arn" in cause))


def same_failure(case, error, cause):
    wanted = case.data.get("cause")
    if (case.data.get("error") or None) != (error or None):
        return False
    if unknowable(case, wanted):
        return True
    if isinstance(wanted, dict) and isinstance(cause, str):
        try:
            cause = parse(cause)
        except ValueError:
            return False
    return like(wanted or None, cause or None, case.exact)


def differences(case, result):
    nodes = result.get("nodes") or []
    phase = result["phase"]
    last = [n.get("message", "") for n in nodes if n["phase"] == "Error"] + [result.get("message", "")]
    why = next((m for m in last if m), "").replace("\n", " ")[:300]
    if case.status == "SUCCEEDED":
        if phase != "Succeeded":
            ends = [f"{e}: {c}" for e, c in failures(case, result)][:1] if nodes else []
            yield f"{phase}, not Succeeded: {(ends or [why])[0]}"
        elif case.output:
            text = {p["name"]: p.get("value") for p in (result.get("outputs") or {}).get("parameters") or []}.get("output")
            expected = payload(case.data.get("output"))
            if text is None:
                yield "there is no output"
            else:
                try:
                    actual = parse(text)
                    if not like(expected, actual, case.exact):
                        yield f"output {dump(actual)}, not {dump(expected)}"
                except ValueError:
                    yield f"the output is not JSON: {text!r}"
    elif case.status == "TIMED_OUT" and phase == "Failed" and any("deadline" in m for m in [why] + [n.get("message", "") for n in nodes]):
        pass  # Argo has its own words for a run that took too long
    elif phase not in ("Failed", "Error"):
        yield f"{phase}, not Failed: {why}"
    else:
        found = list(failures(case, result))
        candidates = found if case.concurrent else found[:1]
        if not any(same_failure(case, *f) for f in candidates):
            said = " | ".join(f"{e}: {c}" for e, c in candidates) or f"no Error and Cause ({why})"
            yield f"failed with {said}, not {case.data.get('error')}: {dump(case.data.get('cause'))}"
    yield from requests(case, nodes)
    yield from on_s3(case, nodes)


def on_s3(case, nodes):
    """What Maps looked for on S3, and what they put there."""
    for state, definition in case.states.items():
        pods = [n for n in nodes if n["type"] == "Pod"]
        if definition.get("ItemReader", {}).get("Resource", "").endswith(":getObject"):
            for node in (n for n in pods if any(c.is_of(n) for c in calls_named(case.calls, label(state) + "-read"))):
                asked = parse(parameters(node, "inputs")["input"])
                if case.objects and f"{asked.get('Bucket')}/{asked.get('Key')}" not in case.objects:
                    yield f"`{state}` reads {dump(asked)}"
        if not definition.get("ResultWriter", {}).get("Resource"):
            continue
        writes = calls_named(case.calls, label(state) + "-write")
        written = [a["raw"]["data"] for n in pods if any(c.is_of(n) for c in writes) for a in n["inputs"]["artifacts"]]
        if len(written) != 1:
            yield f"`{state}` writes {len(written)} times"
            continue
        files = {file["Key"]: file["Body"] for file in parse(written[0])["Files"]}
        named = [key for key in files if key.endswith("/manifest.json")]
        manifest = parse(files.pop(named[0])) if len(named) == 1 else {}
        listed = [(f["Key"], f["Size"].value()) for some in manifest.get("ResultFiles", {}).values() for f in some]
        if sorted(listed) != sorted((key, len(body.encode())) for key, body in files.items()):
            yield f"`{state}` writes a manifest {dump(manifest)} of {sorted(files)}"
        bodies = {key.rpartition("/")[2]: body for key, body in files.items()}
        if "files" in case.data and bodies != case.data["files"]:
            yield f"`{state}` writes {bodies}, not {case.data['files']}"


def requests(case, nodes):
    """What tasks sent, against the case."""
    for state, entries in case.tasks.items():
        if state not in case.of:
            yield f"`{state}` has no call"
            continue
        pods = sorted((n for n in nodes if n["type"] == "Pod" and case.of[state].is_of(n)), key=natural)
        sent = [parameters(n, "inputs").get("input") for n in pods]
        try:
            sent = [parse(s) for s in sent]
        except (TypeError, ValueError):
            yield f"`{state}` sent what is not JSON: {sent}"
            continue
        wanted = [payload(e["input"]) if "input" in e else None for e in entries]
        if pods and all(template_of(n) in case.polling for n in pods):
            # One pod makes several calls. Those after its first are held to the script by the kubelet that plays it.
            left = iter(wanted)
            if all(any(w is None or like(w, s, case.exact) for w in left) for s in sent) and (sent or not wanted):
                continue
        same = [w is None or like(w, s, case.exact) for w, s in zip(wanted, sent)]
        if len(wanted) == len(sent) and all(same):
            continue
        if case.concurrent:
            left = list(sent)
            missing = []
            for w in wanted:
                at = next((i for i, s in enumerate(left) if w is None or like(w, s, case.exact)), None)
                if at is None:
                    missing.append(w)
                else:
                    left.pop(at)
            # What runs beside a failure may be cut short.
            if not left and (not missing or any("error" in e for es in case.tasks.values() for e in es)):
                continue
        yield f"`{state}` sent {dump(sent)}, not {dump(wanted)}"


# The page


def cell(text):
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def page(rows, recorded):
    lines = [
        "# Conformance on Argo",
        "",
        "Every outcome that AWS Step Functions recorded and that we have, and cases of our own whose outcome is the interpreter's, against the migrated",
        "pipeline on the real Argo controller ([how](../tests/cluster/README.md)). Generated by a run of `tests/cluster/run.sh` with `EMR2K8S_BLESS=1`; the same run fails when this page is out of date.",
        "",
        "*no pod*: equal, and nothing was evaluated in a pod; a task is a pod in any case. *pod*: equal, with at least one pod of `emr2k8s eval`. *refused*: `migrate` said why, nothing ran.",
        "",
        "| | cases | equal without pod | equal with pod | refused |",
        "|---|---:|---:|---:|---:|",
    ]
    kinds = [("cases", "recorded, without tasks"), ("task-cases", "recorded, with tasks"), ("own", "our own, with tasks")]

    def line(name, some):
        count = collections.Counter(r["tier"] for r in some)
        part = lambda tier: f"{count[tier]} ({100 * count[tier] / len(some):.1f} %)"
        differ = f" **{count[DIFFERS]} DIFFER**" if count[DIFFERS] else ""
        return f"| {name}{differ} | {len(some)} | {part(NO_POD)} | {part(POD)} | {part(REFUSED)} |"

    for kind, name in kinds:
        some = [r for r in rows if r["case"].kind == kind]
        if some:
            lines.append(line(name, some))
    lines.append(line("all", rows))
    for kind, name in kinds:
        some = [r for r in rows if r["case"].kind == kind]
        if not some:
            continue
        lines += ["", f"## {name[0].upper()}{name[1:]}", "", "| case | status | tier | |", "|---|---|---|---|"]
        for r in some:
            case = r["case"]
            status = case.status + (f" `{case.data['error']}`" if case.data.get("error") else "")
            lines.append(f"| `{case.id}` | {status} | {r['tier']} | {cell(r['why'])} |")
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description="see the head of the file")
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--bin", required=True)
    arguments.add_argument("--work", required=True)
    arguments.add_argument("--recordings")
    arguments.add_argument("--table")
    arguments.add_argument("--parallel", default="16")
    arguments.add_argument("--timeout", default="8m")
    arguments.add_argument("--no-output", action="store_true", help="only machines in which something is left out (PLN140) where nobody takes their output: all is compared but the output")
    arguments.add_argument("case", nargs="*")
    a = arguments.parse_args()
    os.makedirs(a.work, exist_ok=True)
    cases = load_cases(a.recordings, set(a.case))
    for case in cases:
        case.output = not a.no_output
    said, out, rendered = migrate(cases, a.program, a.work, not a.no_output)
    if a.no_output:
        with open(os.path.join(a.work, "migrate.json"), "rb") as file:
            unread = {os.path.basename(d["file"] or "").removesuffix(".asl.json") for d in json.load(file)["diagnostics"] if d["code"] == "PLN140"}
        cases = [c for c in cases if c.pipeline in unread]
    going = [c for c in cases if c.pipeline not in said]
    objects = render(going, os.path.join(a.bin, "kubectl"), out, rendered)
    folder = os.path.join(a.work, "workflows")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for case in going:
        if case.pipeline in objects:
            build(case, objects[case.pipeline], folder)
    results = {}
    if os.listdir(folder):
        path = os.path.join(a.work, "results")
        with open(path, "wb") as file:
            subprocess.run([os.path.join(a.bin, "run-cases"), "-parallel", a.parallel, "-timeout", a.timeout, folder], stdout=file, check=False)
        with open(path, encoding="utf-8") as file:
            results = {r["id"]: r for r in map(json.loads, file)}

    rows = []
    for case in cases:
        result = results.get(case.pipeline)
        if case.pipeline in said:
            tier, why = REFUSED, "; ".join(dict.fromkeys(said[case.pipeline]))
        elif result is None:
            tier, why = DIFFERS, "migrate wrote no pipeline and gave no reason" if case.pipeline not in objects else "no result"
        else:
            wrong = list(differences(case, result))
            pods = any(n["type"] == "Pod" and template_of(n) in case.evaluating for n in result.get("nodes") or [])
            tier, why = (DIFFERS, "; ".join(wrong)) if wrong else (POD if pods else NO_POD, "")
        rows.append({"case": case, "tier": tier, "why": why})

    failed = 0
    for r in rows:
        if r["tier"] == DIFFERS:
            failed += 1
            print(f"{r['case'].pipeline} ({r['case'].what}): {r['why']}")
    count = collections.Counter(r["tier"] for r in rows)
    print(f"conformance: {len(rows)} cases, {count[NO_POD]} equal without pod, {count[POD]} with pod, {count[REFUSED]} refused, {failed} differ")
    if a.table and not a.case and not a.no_output:
        text = page(rows, bool(a.recordings))
        current = open(a.table, encoding="utf-8").read() if os.path.exists(a.table) else ""
        if os.environ.get("EMR2K8S_BLESS") == "1" and current != text:
            with open(a.table, "w", encoding="utf-8") as file:
                file.write(text)
        elif current != text:
            failed += 1
            new, old = text.split("\n"), current.split("\n")
            print(f"{a.table} is out of date; EMR2K8S_BLESS=1 writes it:")
            for line in [f"- {l}" for l in old if l not in new] + [f"+ {l}" for l in new if l not in old]:
                print(f"  {line}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
