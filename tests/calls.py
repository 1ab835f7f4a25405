"""Runs the scripts of calls against servers that play AWS; see calls.sh."""
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request

ACCOUNT = "123456789012"
RESOURCES = {
    "sqs": "sqs:sendMessage",
    "sns": "sns:publish",
    "put": "dynamodb:putItem",
    "get": "dynamodb:getItem",
    "events": "events:putEvents",
    "sdk-put": "aws-sdk:dynamodb:putItem",
    "sdk-get": "aws-sdk:dynamodb:getItem",
    "secret": "aws-sdk:secretsmanager:createSecret",
    "secrets": "aws-sdk:secretsmanager:listSecrets",
    "s3-put": "aws-sdk:s3:putObject",
    "s3-get": "aws-sdk:s3:getObject",
    "s3-list": "aws-sdk:s3:listObjects",
    "start": "states:startExecution",
    "start-sync": "states:startExecution.sync",
    "start-sync2": "states:startExecution.sync:2",
    "sdk-start": "aws-sdk:sfn:startExecution",
    "ecs": "ecs:runTask.sync",
    "glue": "glue:startJobRun.sync",
    "athena": "athena:startQueryExecution.sync",
    "rds": "aws-sdk:rds:describeDBInstances",
    "invoke": "lambda:invoke",
    "api": "apigateway:invoke",
    "http": "http:invoke",
}
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:echo"

# Version 1 of the command line in the place of version 2; Lambda, ECS and waiting for executions have a server of their own.
COMMAND = """#!/bin/sh
url=http://127.0.0.1:{moto}
case $1 in lambda | ecs | "$CALLS_FAKE") url=http://127.0.0.1:{fake} ;; esac
n=$#
while test $n -gt 0; do
  if test "$1" = --cli-binary-format; then shift 2; n=$((n - 2)); else set -- "$@" "$1"; shift; n=$((n - 1)); fi
done
exec {aws} --endpoint-url "$url" "$@"
"""


class Fake(http.server.BaseHTTPRequestHandler):
    """Lambda: functions `echo`, `fails`, `dies`, `big`; no other. ECS: tasks that end with the exit code that their cluster is
    named by. A web API: answers with what it was sent."""

    asked = 0
    sent = {}

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if action := self.headers.get("X-Amz-Target", "").partition(".")[2]:
            return self.answer(200, (self.execution if "Execution" in action else self.ecs)(action, json.loads(body)))
        function = re.match(r"/2015-03-31/functions/(?:.*(?::|%3A))?([^/]+)/invocations", self.path)
        if not function:
            given = {k: v for k, v in self.headers.items() if k in ("X-Given", "Content-Type")}
            return self.answer(403 if "forbidden" in self.path else 200, {"path": self.path, "body": body.decode(), "headers": given})
        version = ("X-Amz-Executed-Version", "$LATEST")
        match function.group(1):
            case "echo":
                return self.answer(200, body or b"{}", [version])
            case "big":
                return self.answer(200, "x" * 300000, [version])
            case "fails":
                return self.answer(200, {"errorType": "CustomException", "errorMessage": "no"}, [version, ("X-Amz-Function-Error", "Unhandled")])
            case "dies":
                return self.answer(200, {"errorMessage": "gone"}, [version, ("X-Amz-Function-Error", "Unhandled")])
        error = [("x-amzn-ErrorType", "ResourceNotFoundException")]
        return self.answer(404, {"Type": "User", "Message": "Function not found"}, error)

    def execution(self, action, request):
        if action == "StartExecution":
            Fake.sent, Fake.asked = request, 0
            return {"executionArn": "arn:execution", "startDate": 1}
        assert request == {"executionArn": "arn:execution"}, request
        Fake.asked += 1
        state = {"executionArn": "arn:execution", "name": Fake.sent.get("name", "n"), "input": Fake.sent["input"], "startDate": 1, "redriveCount": 0}
        if Fake.asked < 3:
            return {**state, "status": "RUNNING"}
        if "bad" in Fake.sent["stateMachineArn"]:
            return {**state, "status": "FAILED", "error": "SomeFailure", "cause": "why"}
        return {**state, "status": "SUCCEEDED", "output": '{"keyName":[1]}'}

    def ecs(self, action, request):
        if action == "RunTask":
            Fake.sent, Fake.asked = request, 0
            failures = [{"reason": "RESOURCE:MEMORY"}] if request["cluster"] == "full" else []
            cluster = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/{request['cluster']}"
            return {"failures": failures, "tasks": [] if failures else [{"taskArn": "arn:task", "clusterArn": cluster, "lastStatus": "PENDING"}]}
        assert action == "DescribeTasks" and request["tasks"] == ["arn:task"], (action, request)
        Fake.asked += 1
        if Fake.asked < 3:
            return {"tasks": [{"taskArn": "arn:task", "lastStatus": "RUNNING"}]}
        container = {"name": "main", "exitCode": int(request["cluster"].rpartition("/")[2])}
        tags = [{"key": "keyName", "value": "v"}]
        return {"tasks": [{"taskArn": "arn:task", "lastStatus": "STOPPED", "containers": [container], "tags": tags}]}

    do_GET = do_POST

    def log_message(self, *_):
        pass


class Runner:
    def __init__(self, work):
        self.work = pathlib.Path(work)
        self.passed, self.failed = 0, 0
        self.fake = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fake)
        threading.Thread(target=self.fake.serve_forever, daemon=True).start()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.moto = free.getsockname()[1]
        binaries = pathlib.Path(sys.executable).parent
        environment = {**os.environ}
        self.server = subprocess.Popen(
            [binaries / "moto_server", "-p", str(self.moto)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        (self.work / "bin").mkdir(exist_ok=True)
        command = self.work / "bin" / "aws"
        command.write_text(COMMAND.format(moto=self.moto, fake=self.fake.server_port, aws=binaries / "aws"))
        command.chmod(0o755)
        self.environment = {
            "PATH": f"{self.work / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.work),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.moto}/moto-api/")
                return
            except OSError:
                time.sleep(0.2)
        raise SystemExit("moto does not answer")

    def aws(self, *arguments):
        done = subprocess.run(["aws", *arguments, "--output", "json"], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    def run(self, name, request, fake=""):
        """The result of a call, or its error and cause."""
        folder = self.work / "run"
        subprocess.run(["rm", "-rf", folder], check=True)
        script = (self.work / "scripts" / name).read_text()
        script = script.replace("/tmp/emr2k8s", str(folder)).replace("/dev/termination-log", str(self.work / "termination"))
        script = script.replace("sleep 5", "sleep 1").replace("/tmp/request.json", str(self.work / "request.json"))
        text = request if isinstance(request, str) else json.dumps(request)
        (self.work / "request.json").write_text(text)
        process = subprocess.Popen(["sh", "-c", script], env={**self.environment, "REQUEST": text, "CALLS_FAKE": fake}, stderr=subprocess.PIPE, text=True)
        try:
            stderr = process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return {"timeout": name}
        error, result = folder / "error", folder / "result"
        if process.returncode == 0 and not error.exists():
            return json.loads(result.read_text()) if result.exists() else None
        if process.returncode == 1 and error.exists():
            return {"failed": json.loads(error.read_text())}
        return {"broken": stderr, "code": process.returncode}

    def expect(self, what, found, expected):
        good = expected(found) if callable(expected) else found == expected
        self.passed += good
        self.failed += not good
        if not good:
            print(f"FAILED {what}: {json.dumps(found)[:600]}")


def error(name, cause=""):
    return lambda found: found.get("failed", {}).get("Error") == name and cause in found["failed"]["Cause"]


def holds(expected):
    def match(found, wanted):
        if isinstance(wanted, dict):
            return isinstance(found, dict) and all(k in found and match(found[k], v) for k, v in wanted.items())
        return wanted(found) if callable(wanted) else found == wanted

    return lambda found: match(found, expected)


OK = {"SdkHttpMetadata": {"HttpStatusCode": 200}}


def messages(r):
    queue = r.aws("sqs", "create-queue", "--queue-name", "q")["QueueUrl"]
    text = {"a": [1, None, "$(touch x) `id` \" ' {{workflow.name}} ü"]}
    r.expect("sqs", r.run("sqs", {"QueueUrl": queue, "MessageBody": text}), holds({"MessageId": str.isprintable, **OK}))
    got = r.aws("sqs", "receive-message", "--queue-url", queue)["Messages"][0]["Body"]
    r.expect("sqs: a value is sent as its text", json.loads(got), text)
    r.expect("sqs: text", r.run("sqs", {"QueueUrl": queue, "MessageBody": "1 2"}), holds({"MD5OfMessageBody": lambda t: len(t) == 32}))
    r.expect("sqs: no queue", r.run("sqs", {"QueueUrl": queue + "x", "MessageBody": "x"}), error("SQS.QueueDoesNotExistException"))
    r.expect("sqs: no body", r.run("sqs", {"QueueUrl": queue, "MessageBody": None}), error("SQS.AmazonSQSException", "MessageBody"))
    r.expect("sqs: unknown member", r.run("sqs", {"QueueUrl": queue, "MessageBody": "x", "Foo": 1}), error("States.Runtime", "Foo"))
    r.expect("sqs: no object", r.run("sqs", "[]"), error("States.Runtime"))
    topic = r.aws("sns", "create-topic", "--name", "t")["TopicArn"]
    r.expect("sns", r.run("sns", {"TopicArn": topic, "Message": {"x": 1}}), holds({"MessageId": str.isprintable, **OK}))
    r.expect("sns: no topic", r.run("sns", {"TopicArn": topic + "x", "Message": "x"}), error("SNS.NotFoundException"))
    detail = {"Detail": {"m": {"n": None}}, "DetailType": "t", "Source": "s"}
    r.expect("events", r.run("events", {"Entries": [detail, {**detail, "Detail": '{"a": 1}'}]}), holds({"FailedEntryCount": 0, **OK}))
    r.expect("events: a failed entry", r.run("events", {"Entries": [detail, {"Detail": {}, "DetailType": "t"}]}), error("EventBridge.FailedEntry", '"FailedEntryCount":1'))


def tables(r):
    key = ["--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH"]
    r.aws("dynamodb", "create-table", "--table-name", "t", *key, "--billing-mode", "PAY_PER_REQUEST")
    item = {"id": {"S": "1"}, "data": {"S": "x"}, "m": {"M": {"keyName": {"N": "1"}}}}
    r.expect("put", r.run("put", {"TableName": "t", "Item": item}), OK)
    r.expect("get", r.run("get", {"TableName": "t", "Key": {"id": {"S": "1"}}}), {"Item": item, **OK})
    r.expect("put: no table", r.run("put", {"TableName": "u", "Item": item}), error("DynamoDB.ResourceNotFoundException"))
    wrong = {"TableName": "t", "Item": {"data": {"S": "x"}}}
    r.expect("put: no key", r.run("put", wrong), error("DynamoDB.AmazonDynamoDBException"))
    r.expect("sdk put", r.run("sdk-put", {"TableName": "t", "Item": {**item, "id": {"S": "2"}}}), {})
    r.expect("sdk get", r.run("sdk-get", {"TableName": "t", "Key": {"id": {"S": "2"}}}), holds({"Item": {"id": {"S": "2"}, "data": {"S": "x"}}}))
    r.expect("sdk put: no key", r.run("sdk-put", wrong), error("DynamoDb.DynamoDbException"))
    r.expect("sdk put: null", r.run("sdk-put", {"TableName": "t", "Item": None}), error("DynamoDb.DynamoDbException", "Item"))
    r.expect("sdk put: no table", r.run("sdk-put", {"TableName": "u", "Item": item}), error("DynamoDb.ResourceNotFoundException"))


def objects(r):
    r.aws("s3api", "create-bucket", "--bucket", "bucket")
    for body, stored in [("text data", "text data"), (0, "0"), ({"Dict": "Value"}, '{"Dict":"Value"}'), (["List", "Data"], '["List","Data"]')]:
        r.expect("s3 put", r.run("s3-put", {"Bucket": "bucket", "Key": "k", "Body": body}), holds({"ETag": str.isprintable}))
        got = r.run("s3-get", {"Bucket": "bucket", "Key": "k"})
        r.expect(f"s3 get {body}", got, holds({"Body": stored, "ContentLength": len(stored), "Metadata": {}}))
    r.expect("s3: no key", r.run("s3-get", {"Bucket": "bucket", "Key": "none"}), error("S3.NoSuchKeyException"))
    r.expect("s3: no bucket", r.run("s3-list", {"Bucket": "nobucket"}), error("S3.NoSuchBucketException", "The specified bucket does not exist"))
    r.expect("secrets: none", r.run("secrets", {}), {"SecretList": []})
    r.expect("secret", r.run("secret", {"Name": "n", "SecretString": "x"}), holds({"Name": "n", "Arn": str.isprintable}))
    r.expect("secret: twice", r.run("secret", {"Name": "n", "SecretString": "x"}), error("SecretsManager.ResourceExistsException"))


def items(r):
    r.aws("s3api", "create-bucket", "--bucket", "items")
    texts = {"in/a.csv": 'id,"x"\r\n1,{{ü}} $$\n', "in/b": "", "in/c d&é": "[1]\n", "out": "x"}
    for key, text in texts.items():
        (r.work / "body").write_bytes(text.encode())
        r.aws("s3api", "put-object", "--bucket", "items", "--key", key, "--body", str(r.work / "body"))
    for key, text in texts.items():
        r.expect(f"items: {key}", r.run("items-file", {"Bucket": "items", "Key": key, "VersionId": None}), text)
    r.expect("items: no key", r.run("items-file", {"Bucket": "items", "Key": "none"}), {"failed": {"Error": "States.ItemReaderFailed", "Cause": "The specified key does not exist."}})
    r.expect("items: no bucket", r.run("items-file", {"Bucket": "noitems", "Key": "none"}), error("States.ItemReaderFailed", "bucket does not exist"))
    r.expect("items: a file's name", r.run("items-file", {"Bucket": "items", "Key": "file:///etc/hostname"}), error("States.Runtime", "names a file"))
    (r.work / "body").write_text("x" * 131069)
    r.aws("s3api", "put-object", "--bucket", "items", "--key", "most", "--body", str(r.work / "body"))
    r.expect("items: as much as may be", r.run("items-file", {"Bucket": "items", "Key": "most"}), "x" * 131069)
    for key, text in [("more", "x" * 131072), ("much", "x" * 1000000)]:
        (r.work / "body").write_text(text)
        r.aws("s3api", "put-object", "--bucket", "items", "--key", key, "--body", str(r.work / "body"))
        r.expect(f"items: {key}", r.run("items-file", {"Bucket": "items", "Key": key}), error("States.ItemReaderFailed", "more than 131072 bytes"))
    listed = {"Etag": lambda tag: tag[0] == '"', "Key": "in/a.csv", "LastModified": lambda at: at > 1e9, "Size": len(texts["in/a.csv"].encode()), "StorageClass": "STANDARD"}
    found = r.run("items-list", {"Bucket": "items", "Prefix": "in/"})
    r.expect("items: list", found[0], holds(listed))
    r.expect("items: keys", [file["Key"] for file in found], ["in/a.csv", "in/b", "in/c d&é"])
    r.expect("items: some", [file["Key"] for file in r.run("items-list-2", {"Bucket": "items"})], ["in/a.csv", "in/b"])
    r.expect("items: none", r.run("items-list", {"Bucket": "items", "Prefix": "nothing"}), [])
    r.expect("items: no such list", r.run("items-list", {"Bucket": "noitems"}), error("States.ItemReaderFailed", "bucket does not exist"))
    files = [{"Key": key, "Body": text} for key, text in texts.items() if key != "out"]
    r.expect("items: files", r.run("items-files", {"Bucket": "items", "Prefix": "in/"}), files)
    r.expect("items: no files", r.run("items-files", {"Bucket": "items", "Prefix": "nothing"}), [])
    r.expect("items: too much of files", r.run("items-files", {"Bucket": "items"}), error("States.ItemReaderFailed", "more than 131072 bytes"))
    results = [{"Key": "out/1/SUCCEEDED_0.json", "Body": '["{{ü}} $x"]'}, {"Key": "out/1/manifest.json", "Body": "{}"}]
    r.expect("results", r.run("results", {"Bucket": "items", "Files": results}), None)
    for file in results:
        r.expect("results: " + file["Key"], r.run("items-file", {"Bucket": "items", "Key": file["Key"]}), file["Body"])
    r.expect("results: no bucket", r.run("results", {"Bucket": "noitems", "Files": results}), error("States.ResultWriterFailed", "bucket does not exist"))


def machines(r):
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    arn = r.aws("stepfunctions", "create-state-machine", "--name", "m", "--definition", definition, "--role-arn", role)["stateMachineArn"]
    r.expect("start", r.run("start", {"StateMachineArn": arn, "Input": {"keyName": 1}, "Name": "a"}), holds({"ExecutionArn": str.isprintable, **OK}))
    r.expect("start: no machine", r.run("start", {"StateMachineArn": arn + "x"}), error("StepFunctions.StateMachineDoesNotExistException"))
    r.expect("sdk start", r.run("sdk-start", {"StateMachineArn": arn, "Input": {"a": 1}}), lambda f: set(f) == {"ExecutionArn", "StartDate"})
    request = {"StateMachineArn": "arn:good", "Input": {"keyName": None}, "Name": "b"}
    same = {"ExecutionArn": "arn:execution", "Name": "b", "Status": "SUCCEEDED"}
    sync = r.run("start-sync", request, "stepfunctions")
    r.expect("start, sync", sync, holds({**same, "Input": '{"keyName":null}', "Output": '{"keyName":[1]}'}))
    r.expect("start, sync: as AWS has it", "RedriveCount" in sync, False)
    sync2 = r.run("start-sync2", request, "stepfunctions")
    r.expect("start, sync:2", sync2, holds({**same, "Input": {"keyName": None}, "Output": {"keyName": [1]}}))
    failed = r.run("start-sync", {**request, "StateMachineArn": "arn:bad"}, "stepfunctions")
    r.expect("start, sync: fails", failed, error("States.TaskFailed", '"Error":"SomeFailure"'))


def jobs(r):
    r.aws("glue", "create-job", "--name", "j", "--role", "r", "--command", "Name=glueetl")
    r.expect("glue", r.run("glue", {"JobName": "j", "Arguments": {"--key": "v"}}), holds({"JobName": "j", "JobRunState": "SUCCEEDED"}))
    r.expect("glue: no job", r.run("glue", {"JobName": "x"}), error("Glue.EntityNotFoundException"))
    query = {"QueryString": "select 1", "ResultConfiguration": {"OutputLocation": "s3://bucket/"}}
    r.expect("athena", r.run("athena", query), holds({"QueryExecution": {"Query": "select 1", "Status": {"State": "SUCCEEDED"}}}))
    r.expect("rds", r.run("rds", {}), {"DbInstances": []})
    r.expect("rds: none", r.run("rds", {"DbInstanceIdentifier": "x"}), error("Rds.DbInstanceNotFoundException"))
    network = {"AwsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "ENABLED"}}
    task = {"Cluster": "0", "TaskDefinition": "t", "EnableECSManagedTags": True, "NetworkConfiguration": network, "Tags": [{"Key": "Key", "Value": "v"}]}
    ended = {"TaskArn": "arn:task", "LastStatus": "STOPPED", "Containers": [{"Name": "main", "ExitCode": 0}], "Tags": [{"Key": "keyName", "Value": "v"}]}
    r.expect("ecs", r.run("ecs", task), ended)
    network = {"awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}}
    sent = {"cluster": "0", "taskDefinition": "t", "enableECSManagedTags": True, "networkConfiguration": network, "tags": [{"key": "Key", "value": "v"}]}
    r.expect("ecs: the request", {k: v for k, v in Fake.sent.items() if k != "clientToken"}, sent)
    r.expect("ecs: fails", r.run("ecs", {**task, "Cluster": "3"}), error("States.TaskFailed", '"ExitCode":3'))
    r.expect("ecs: full", r.run("ecs", {**task, "Cluster": "full"}), error("AmazonECS.Unknown", "RESOURCE:MEMORY"))


def functions(r):
    for payload, sent in [({"a": [None, 1.5]}, {"a": [None, 1.5]}), ('"text"', "text"), ("0.0", 0.0), ("null", None), (None, {})]:
        found = r.run("invoke", {"FunctionName": "echo", "Payload": payload})
        r.expect(f"invoke {payload}", found, {"ExecutedVersion": "$LATEST", "Payload": sent, "StatusCode": 200, **OK})
    r.expect("invoke: fails", r.run("invoke", {"FunctionName": "fails"}), error("CustomException", '{"errorType": "CustomException"'))
    r.expect("invoke: dies", r.run("invoke", {"FunctionName": "dies"}), error("Lambda.Unknown", "Returned payload: "))
    r.expect("invoke: none", r.run("invoke", {"FunctionName": "none"}), error("Lambda.ResourceNotFoundException", "Function not found"))
    r.expect("invoke: big", r.run("invoke", {"FunctionName": "big"}), error("States.DataLimitExceeded", "The state/task 'lambda' returned"))
    r.expect("invoke: an option", r.run("invoke", {"FunctionName": "echo", "EndpointUrl": "http://x"}), error("States.Runtime", "EndpointUrl"))
    r.expect("invoke: a file", r.run("invoke", {"FunctionName": "file:///etc/hostname"}), error("States.Runtime", "names a file"))
    r.expect("invoke: dashes", r.run("invoke", {"FunctionName": "--debug"}), error("Lambda.ResourceNotFoundException"))
    found = r.run("invoke", {"FunctionName": "echo", "InvocationType": "RequestResponse", "Qualifier": "$LATEST"})
    r.expect("invoke: members", found, holds({"Payload": {}}))
    for value in ({"Value1": "x", "Value2": None}, "text", 0, None, [1]):
        r.expect(f"function {value}", r.run("function", json.dumps(value)), value)


def web(r):
    host = f"http://127.0.0.1:{r.fake.server_port}"
    request = {"ApiEndpoint": host, "Method": "POST", "Stage": "s", "Path": "/p", "QueryParameters": {"q": ["a b", "&"]}, "Headers": {"X-Given": ["1"]}}
    sent = {"path": "/s/p?q=a%20b&q=%26", "body": '{"message":"Hello\\n\\"\'"}', "headers": {"X-Given": "1", "Content-Type": "application/json"}}
    found = r.run("api", {**request, "RequestBody": {"message": "Hello\n\"'"}})
    r.expect("api", found, holds({"ResponseBody": sent, "StatusCode": 200, "StatusText": "OK", "Headers": {"Content-Type": ["application/json"]}}))
    r.expect("api: text", r.run("api", {**request, "RequestBody": "HelloWorld"}), holds({"ResponseBody": {"body": '"HelloWorld"'}}))
    r.expect("api: forbidden", r.run("api", {**request, "Path": "forbidden"}), error("ApiGateway.403", "forbidden"))
    made = r.aws("events", "create-connection", "--name", "c", "--authorization-type", "BASIC", "--auth-parameters", '{"BasicAuthParameters":{"Username":"u","Password":"p"}}')
    call = {"ApiEndpoint": host + "/x", "Method": "GET", "Authentication": {"ConnectionArn": made["ConnectionArn"]}}
    r.expect("http", r.run("http", call), holds({"ResponseBody": {"path": "/x"}, "StatusCode": 200}))
    r.expect("http: forbidden", r.run("http", {**call, "ApiEndpoint": host + "/forbidden"}), error("States.Http.StatusCode.403"))


def main():
    if sys.argv[1] == "resources":
        print(" ".join(f"{n}=arn:aws:states:::{r}" for n, r in RESOURCES.items()), f"function={FUNCTION}")
        return
    r = Runner(sys.argv[2])
    try:
        for part in (messages, tables, objects, items, machines, jobs, functions, web):
            part(r)
    finally:
        r.server.terminate()
    print(f"{r.passed} passed, {r.failed} failed")
    sys.exit(r.failed > 0)


main()
