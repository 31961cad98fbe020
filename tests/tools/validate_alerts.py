#!/usr/bin/python3
"""Validates alerts against conf/alert.schema.json.

usage: validate_alerts.py SCHEMA FILE...      (- is stdin)

Each line of a FILE is an envelope as posted to a webhook, or the `data` of one
as --replay and --alerts print it (a member `replay` is then ignored). Besides
the schema: points sum to the score, the ids are those of the documented
netstrings where the document holds all their parts, and the text is compact
UTF-8 of at most 16 KiB. Prints what is wrong; exit 0, 1, or 77 (no jsonschema).
"""
import hashlib
import json
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def ident(prefix, *parts):
    text = b"".join(b"%d:%s," % (len(p), p) for p in (p.encode() for p in parts))
    return prefix + hashlib.sha256(text).hexdigest()[:32]


def beyond_schema(data):
    if data["schema"] != "alert/1":
        return
    points = sum(reason["points"] for reason in data["score_reasons"])
    if points != data["threat_score"]:
        yield f"points sum to {points}, threat_score is {data['threat_score']}"
    correlation, uncut = data["correlation"], not data["truncated"]
    last = data["evidence"][-1]["event_id"]
    if uncut and len(last.encode()) < 127 and data["kind"] != "escalate":
        groups = list(correlation["group_by"].values()) if correlation else []
        joins = data["kind"] == "trigger" and "related" in data and not data["related"]
        kind = "escalate" if joins else data["kind"]
        want = ident("alr_", "alert/1", data["tenant_id"] or "", data["rule"]["id"], last, kind, *groups)
        if want != data["id"]:
            yield f"id is {data['id']}, its parts give {want}"


def envelope(line):
    document = json.loads(line)
    if "data" in document and "seq" in document:
        return document
    document.pop("replay", None)
    return {"type": "alert." + document.get("kind", "?"), "timestamp": document.get("detected_at"), "seq": 1,
            "data": document}


def problems(validator, line):
    if len(line) > 16384:
        yield f"{len(line)} bytes"
    try:
        document = envelope(line.decode("utf-8"))
    except ValueError as error:
        yield str(error)
        return
    found = False
    for error in validator.iter_errors(document):
        found = True
        yield f"{error.json_path}: {error.message[:300]}"
    if not found:
        yield from beyond_schema(document["data"])


def main(schema_path, *paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = count = 0
    for path in paths:
        file = sys.stdin.buffer if path == "-" else open(path, "rb")
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            count += 1
            for problem in problems(validator, line.rstrip(b"\n")):
                print(f"{path}:{number}: {problem}")
                bad += 1
    print(f"{count} alerts, {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
