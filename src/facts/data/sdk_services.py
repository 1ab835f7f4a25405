#!/usr/bin/env python3
"""Writes sdk_services.tsv from the service models that botocore ships: `python3 sdk_services.py > sdk_services.tsv`."""
import datetime
import gzip
import json
import os
import re

import botocore

ROOT = os.path.join(os.path.dirname(botocore.__file__), "data")
# Services whose commands have another name (AWS CLI Command Reference).
COMMANDS = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}


# Codes that SQS still answers with in the place of the model's (Amazon SQS, "awsQueryError" codes of the model in Smithy).
LEGACY = {
    "sqs": [
        "AWS.SimpleQueueService.NonExistentQueue=QueueDoesNotExistException",
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct=BatchEntryIdsNotDistinctException",
        "AWS.SimpleQueueService.BatchRequestTooLong=BatchRequestTooLongException",
        "AWS.SimpleQueueService.EmptyBatchRequest=EmptyBatchRequestException",
        "AWS.SimpleQueueService.InvalidBatchEntryId=InvalidBatchEntryIdException",
        "AWS.SimpleQueueService.PurgeQueueInProgress=PurgeQueueInProgressException",
        "AWS.SimpleQueueService.QueueDeletedRecently=QueueDeletedRecentlyException",
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest=TooManyEntriesInBatchRequestException",
        "AWS.SimpleQueueService.UnsupportedOperation=UnsupportedOperationException",
        "QueueAlreadyExists=QueueNameExistsException",
    ]
}


def member_name(name):
    """A member as AWS SDK for Java 2.x names its accessor, with the first letter in capitals: what ASL writes."""
    i, out = 1, [name[0].lower()]
    while i < len(name) and name[i].isupper() and not (i < len(name) - 1 and name[i + 1].islower()):
        out.append(name[i].lower())
        i += 1
    text = "".join(out) + name[i:]
    return text[0].upper() + text[1:]


def client_name(service_id):
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", service_id)
    return "".join(word[0].upper() + word[1:].lower() for word in words)


def exception_name(shape):
    for ending in ("Fault", "Exception"):
        if shape.endswith(ending) and shape != ending:
            shape = shape[: -len(ending)]
            break
    return member_name(shape) + "Exception"


def reach(shapes, name):
    """Every shape that a shape holds."""
    seen, todo = set(), [name]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        yield shape
        todo += [m["shape"] for m in shape.get("members", {}).values()]
        todo += [shape[k]["shape"] for k in ("member", "value") if k in shape]


def differs(shapes, name):
    return any(member_name(m) != m for s in reach(shapes, name) if s["type"] == "structure" for m in s.get("members", {}))


def kind(shapes, name, above=()):
    """How a member holds what is not ours to rename: `m` keys are the user's, `l` a list, `d` any JSON; empty: all is ours; none: no keys."""
    shape = shapes[name]
    if shape.get("document"):
        return "d"
    if shape["type"] in ("list", "map") and name not in above:
        inner = shape["member" if shape["type"] == "list" else "value"]["shape"]
        found = kind(shapes, inner, (*above, name))
        return "m" + (found or "") if shape["type"] == "map" else "l" + found if found else found
    return "" if shape["type"] == "structure" else None


def maps(shapes, operations):
    """Members of answers that hold keys of the user; a name that does so in one place and not in another is marked `?`."""
    kinds = {}
    for operation in operations.values():
        if "output" not in operation:
            continue
        for shape in reach(shapes, operation["output"]["shape"]):
            if shape["type"] == "structure":
                for member, to in shape.get("members", {}).items():
                    kinds.setdefault(member, set()).add(kind(shapes, to["shape"]))
    pairs = []
    for member, found in sorted(kinds.items()):
        found.discard(None)
        if found and found != {""}:
            pairs.append(f"{member}={'?' if len(found) > 1 else found.pop()}")
    return pairs


def most(operations, every):
    """The operations, or `*` and those that are not, whichever is shorter."""
    if 2 * len(operations) < len(every):
        return " ".join(sorted(operations))
    return " ".join(["*"] + sorted("-" + o for o in every if o not in operations))


def row(folder, model):
    shapes, operations = model["shapes"], model["operations"]
    sides = {"input": [], "output": []}
    bodies, answers, blobs, streams = [], [], [], []
    for name, operation in operations.items():
        for side, names in sides.items():
            if side in operation and differs(shapes, operation[side]["shape"]):
                names.append(name)
        stream = {}
        for side in sides:
            shape = shapes[operation[side]["shape"]] if side in operation else {}
            payload = shape.get("payload")
            if payload and shapes[shape["members"][payload]["shape"]]["type"] == "blob":
                stream[side] = payload
            if any(shapes[m["shape"]].get("eventstream") for m in shape.get("members", {}).values()):
                streams.append(name)
        if "output" in stream:
            answers.append(f"{name}={stream['output']}")
        if "input" in stream:
            bodies.append(f"{name}={stream['input']}")
        elif "input" in operation and any(s["type"] == "blob" for s in reach(shapes, operation["input"]["shape"])):
            blobs.append(name)
    errors = set()
    for name, shape in shapes.items():
        if shape.get("exception") or "error" in shape:
            code, java = shape.get("error", {}).get("code", name), exception_name(name)
            errors.add(code if code == java else f"{code}={java}")
    service_id = model["metadata"]["serviceId"]
    return [
        re.sub("[^a-z0-9]", "", service_id.lower()),
        COMMANDS.get(folder, folder),
        client_name(service_id),
        most(sides["input"], operations) if sides["input"] else "",
        most(sides["output"], operations) if sides["output"] else "",
        " ".join(sorted(bodies)),
        " ".join(sorted(answers)),
        " ".join(sorted(blobs)),
        " ".join(sorted(set(streams))),
        " ".join(sorted(errors | set(LEGACY.get(folder, [])))),
        " ".join(maps(shapes, operations)) if sides["output"] else "",
    ]


def main():
    rows = {}
    for folder in sorted(os.listdir(ROOT)):
        versions = [v for v in sorted(os.listdir(os.path.join(ROOT, folder)))] if os.path.isdir(os.path.join(ROOT, folder)) else []
        path = os.path.join(ROOT, folder, versions[-1], "service-2.json.gz") if versions else ""
        if os.path.exists(path):
            with gzip.open(path) as file:
                cells = row(folder, json.load(file))
            rows.setdefault(cells[0], cells)
    print(f"""# Services of AWS SDK integrations (`arn:aws:states:::aws-sdk:SERVICE:action`), and what their requests and answers need on the way to the AWS command line.
# source: the service models of botocore {botocore.__version__}; names by the naming rules of AWS SDK for Java 2.x (DefaultNamingStrategy), as AWS Step Functions Developer Guide, "Learning to use AWS service SDK integrations", describes and recorded executions show
# date: {datetime.date.today()}
# made by: sdk_services.py
# operations: a list, or `*` for all but those behind a `-`; errors: code, or code=exception where they differ
# service	command	prefix of errors	requests whose members ASL names otherwise	answers so	request bodies (operation=member)	answers with a body (operation=member)	requests with binary members	event streams	errors of the model	members of answers that hold keys of the user (m map, l list, d any JSON, ? here and there)""")
    for name in sorted(rows):
        print("\t".join(rows[name]).rstrip("\t"))


main()
