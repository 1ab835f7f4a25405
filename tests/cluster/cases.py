#!/usr/bin/env python3
"""What run.sh needs between kubectl and run-cases; standard library only.

cases.py port                         the first of three ports in a row that are free
cases.py namespaces OBJECTS           the namespaces of the objects
cases.py argo OBJECTS                 Argo's objects, for argo-lint
cases.py resources OBJECTS            the manifests of the resource templates, template tags filled in
cases.py build CASES BUILT FOLDER     a case for run-cases for each of CASES; BUILT holds PIPELINE.STAGE.json
cases.py judge CASES RESULTS          a line for each case: its id, a tab, what is wrong (nothing when it is right)

OBJECTS is what `kubectl create -o json` prints. CASES is a list of
  id        what the case is about, unique
  pipeline, stage
  also      pipelines that are there too, which the first one starts
  input     the JSON text that start-execution would take, as JSON; without it the parameter's default stands
  fail      what fails: names of Spark jobs (the end of the SparkApplication's name), or of templates
  refused   templates of Spark jobs whose driver the API server refuses, so that their submission fails
  expect    phase      the workflow's, or a list of those that are right
            message    this text is the message of a node, or in the workflow's
            absent     these texts are in no message
            ran        nodes (display names) that started, with their phase
            not        nodes that never started
            created    how many SparkApplications there are in the end
            arguments  the last argument of every SparkApplication: one text for all, or a list in any order
            workflows  what other workflows were started, by the template's name: {template: the part of the input that must be there}
            payload    what a call hands over, as JSON: {node: value}
"""
import json
import os
import random
import re
import socket
import sys

TAG = re.compile(r"\{\{.*?\}\}", re.S)


def documents(path):
    """JSON documents one after another; lists of objects are opened."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    decoder, at, out = json.JSONDecoder(), 0, []
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        out += value["items"] if value.get("kind") == "List" else [value]
    return out


def of_argo(objects):
    return [o for o in objects if o["apiVersion"].startswith("argoproj.io/")]


def templates(obj):
    spec = obj.get("spec", {})
    return spec.get("templates") or spec.get("workflowSpec", {}).get("templates") or []


def resources(objects):
    for obj in of_argo(objects):
        defaults = {p["name"]: p.get("value", "1") for p in obj["spec"].get("arguments", {}).get("parameters", [])}

        def fill(match):
            name = match.group(0)[2:-2].strip()
            if name == "workflow.name":
                return obj["metadata"]["name"][:50] + "-x1a2b"
            prefix = "workflow.parameters."
            return defaults.get(name[len(prefix):], "1") if name.startswith(prefix) else "1"

        for template in templates(obj):
            manifest = template.get("resource", {}).get("manifest")
            if manifest:
                # An argument from the execution's input is a JSON text of a string, and so is what a nested machine is given.
                lines = [TAG.sub('"1"', l) if l.lstrip().startswith(("- {{inputs.", "value: {{=")) else l for l in manifest.split("\n")]
                yield TAG.sub(fill, "\n".join(lines))


def quick(obj):
    """The same object with waits of a second: what is tested is the order, not the clock."""
    for template in templates(obj):
        if "duration" in (template.get("suspend") or {}):
            template["suspend"]["duration"] = "1s"
        backoff = template.get("retryStrategy", {}).get("backoff")
        if backoff:
            backoff.update(duration="1s", factor=1)
    return obj


def refuse(obj, refused):
    """The same object, whose jobs of these templates have a driver that no API server takes."""
    for template in templates(obj):
        if template["name"] in refused:
            resource = template["resource"]
            resource["manifest"] = re.sub(r"serviceAccount: .*", "serviceAccount: No_Such_Name", resource["manifest"])
    return obj


def build(cases, built, folder):
    os.makedirs(folder, exist_ok=True)
    for number, case in enumerate(cases):
        pipelines = [case["pipeline"], *case.get("also", [])]
        objects = [o for pipeline in pipelines for o in documents(os.path.join(built, f"{pipeline}.{case['stage']}.json"))]
        for obj in objects:
            obj["metadata"].pop("namespace", None)
        # A schedule must not start a second workflow while the case runs.
        objects = [refuse(quick(o), case.get("refused", [])) for o in objects if o["kind"] != "CronWorkflow"]
        parameters = {"input": json.dumps(case["input"])} if "input" in case else {}
        failure = [{"exitCode": 1, "message": "scripted to fail"}]
        script = {key: failure for name in case.get("fail", []) for key in (name, f"*-{name}")}
        out = {
            "id": case["id"],
            "manifests": objects,
            "submit": {"template": case["pipeline"], "parameters": parameters},
            "script": script,
            "observe": ["sparkapplications.sparkoperator.k8s.io", "pods", "workflows.argoproj.io"],
        }
        with open(os.path.join(folder, f"{number:02}.json"), "w", encoding="utf-8") as file:
            json.dump(out, file)


def started(nodes):
    return {n["displayName"]: n["phase"] for n in nodes if n["phase"] not in ("Skipped", "Omitted", "Pending")}


def problems(case, result):
    expect, nodes = case["expect"], result.get("nodes") or []
    messages = [m for m in [result.get("message", "")] + [n.get("message", "") for n in nodes] if m]
    ran = started(nodes)
    pods = [o for o in result.get("objects") or [] if o["kind"] == "Pod"]
    applications = [o for o in result.get("objects") or [] if o["kind"] == "SparkApplication"]
    right = expect["phase"] if isinstance(expect["phase"], list) else [expect["phase"]]
    if result["phase"] not in right:
        yield f"phase {result['phase']} ({result.get('message', '')}), not {' or '.join(right)}"
    if "message" in expect and not any(expect["message"] in m for m in messages):
        yield f"no message {expect['message']!r} among {messages}"
    for text in expect.get("absent", []):
        if any(text in m for m in messages):
            yield f"message {text!r} is there"
    for name, phase in expect.get("ran", {}).items():
        if ran.get(name) != phase:
            yield f"node {name} is {ran.get(name, 'not there')}, not {phase}"
    for name in expect.get("not", []):
        if name in ran:
            yield f"node {name} ran"
    if "created" in expect and len(applications) != expect["created"]:
        yield f"{len(applications)} SparkApplications, not {expect['created']}"
    if "arguments" in expect:
        last = [a["spec"].get("arguments", [None])[-1] for a in applications]
        # In an argument Kubernetes takes two dollars for one.
        last = [text and text.replace("$$", "$") for text in last]
        wanted = expect["arguments"]
        if sorted(last, key=str) != sorted(wanted) if isinstance(wanted, list) else any(text != wanted for text in last):
            yield f"the jobs got {last}, not {expect['arguments']!r}"
    for name, value in expect.get("workflows", {}).items():
        made = [o["spec"] for o in result.get("objects") or [] if o["kind"] == "Workflow"]
        made = [spec for spec in made if spec.get("workflowTemplateRef", {}).get("name") == name]
        inputs = [as_json(p["value"]) for spec in made for p in spec.get("arguments", {}).get("parameters", []) if p["name"] == "input"]
        right = [i for i in inputs if i == value or (isinstance(value, dict) and isinstance(i, dict) and value.items() <= i.items())]
        if not right:
            yield f"workflows of {name} got {inputs}, not {json.dumps(value, ensure_ascii=False)}"
    for name, value in expect.get("payload", {}).items():
        texts = [env.get("value", "") for pod in pods if node_of(pod) == name for env in environment(pod) if env["name"] == "PAYLOAD"]
        if not texts or any(as_json(text) != value for text in texts):
            yield f"{name} got {texts}, not {json.dumps(value, ensure_ascii=False)}"


def node_of(pod):
    """The display name of a pod's node: the last part of its full name, a retry's number left out."""
    full = (pod["metadata"].get("annotations") or {}).get("workflows.argoproj.io/node-name", "")
    return re.sub(r"\(\d+\)$", "", full.rsplit(".", 1)[-1])


def environment(pod):
    return [env for container in pod["spec"]["containers"] for env in container.get("env", [])]


def as_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def judge(cases, results):
    by_id = {r["id"]: r for r in documents(results)}
    for case in cases:
        result = by_id.get(case["id"])
        wrong = list(problems(case, result)) if result else ["no result"]
        print(case["id"], "; ".join(wrong).replace("\n", "\\n").replace("\t", " "), sep="\t")


def port():
    def free(number):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", number)) != 0

    # Below the ports that a system hands out by itself.
    return next(p for p in random.sample(range(20000, 32000, 3), 4000) if all(free(p + n) for n in range(3)))


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "port":
        print(port())
        return
    if command in ("build", "judge"):
        with open(arguments[0], encoding="utf-8") as file:
            cases = json.load(file)
        if command == "build":
            build(cases, arguments[1], arguments[2])
        else:
            judge(cases, arguments[1])
        return
    objects = documents(arguments[0])
    if command == "namespaces":
        print(*sorted({o["metadata"]["namespace"] for o in objects if "namespace" in o["metadata"]}), sep="\n")
    elif command == "argo":
        for obj in of_argo(objects):
            obj["metadata"].pop("namespace", None)
            print("---", json.dumps(obj), sep="\n")
    elif command == "resources":
        for manifest in resources(objects):
            print("---", manifest, sep="\n")


main()
