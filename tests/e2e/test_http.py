"""POST /v1/events with real clients and raw sockets."""
import base64
import http.client
import json
import os
import socket
import subprocess
import zlib

from events import quiet, record, risky, user_of
from harness import (SEED, TOKEN, check, equal, gz, need, read_until, request, run, until, within)


def _curl(daemon, body_path, *options):
    out = run([need("curl"), "-sS", "--max-time", "60", "-o", "-", "-w", "\n%{http_code}", "--data-binary", "@" + body_path,
               *options, f"http://127.0.0.1:{daemon.port('http')}/v1/events"], 70)
    check(out.returncode == 0, f"curl exits {out.returncode}: {out.stderr}")
    text, _, status = out.stdout.rpartition("\n")
    return int(status), json.loads(text)


def _five_megabytes(place):
    rows, size, n = [], 0, 0
    while size < 5 * 1024 * 1024:
        rows.append(risky() if n == 700 else quiet(pad=4))
        size += len(rows[-1]) + 1
        n += 1
    return len(rows), place.write("big.ndjson", "\n".join(rows) + "\n")


def curl_sends_5_MB_with_expect_100_continue(place):
    r = place.receiver()
    d = place.daemon(receiver=r)
    count, path = _five_megabytes(place)
    status, answer = _curl(d, path, "-H", "Expect: 100-continue", "-H", "Content-Type: text/plain")
    equal((status, answer["accepted"], answer["rejected"]), (200, count, 0), "answer")
    equal(len(r.wait_alerts(1)), 1, "alerts")


def curl_sends_5_MB_chunked(place):
    d = place.daemon()
    count, path = _five_megabytes(place)
    status, answer = _curl(d, path, "-H", "Transfer-Encoding: chunked")
    equal((status, answer["accepted"], answer["rejected"]), (200, count, 0), "answer")
    equal(len(d.stored()), 1, "alerts stored")


def curl_sends_5_MB_gzip(place):
    d = place.daemon()
    count, path = _five_megabytes(place)
    with open(path, "rb") as f:
        packed = place.write("big.gz", gz(f.read()))
    status, answer = _curl(d, packed, "-H", "Content-Encoding: gzip")
    equal((status, answer["accepted"], answer["rejected"]), (200, count, 0), "answer")
    equal(len(d.stored()), 1, "alerts stored")


FORMS = {
    "one_record": lambda a, b: a,
    "array": lambda a, b: f"[{a},{b}]",
    "pretty_array": lambda a, b: json.dumps([json.loads(a), json.loads(b)], indent=2),
    "records": lambda a, b: '{"records":[%s,%s]}' % (a, b),
    "capital_records": lambda a, b: '{"Records":[%s,%s]}' % (a, b),
    "array_of_records": lambda a, b: '[{"records":[%s]},{"records":[%s]}]' % (a, b),
    "graph_page": lambda a, b: '{"@odata.nextLink":"https://graph.example/next","value":[%s,%s]}' % (a, b),
    "ndjson": lambda a, b: a + "\n" + b + "\n",
    "ndjson_crlf": lambda a, b: a + "\r\n\r\n" + b + "\r\n",
    "concatenated": lambda a, b: a + b,
    "byte_order_mark": lambda a, b: "\ufeff" + a + "\n" + b,
    "text_in_message": lambda a, b: json.dumps([{"message": a, "host": "relay"}, {"message": b}]),
    "text_in_raw": lambda a, b: json.dumps({"_raw": a, "_time": 1}) + "\n" + json.dumps({"_raw": b}),
    "text_in_log": lambda a, b: json.dumps([{"log": a, "date": 1.5}, {"log": b}]),
    "text_in_body": lambda a, b: json.dumps([{"body": a}, {"body": b}]),
    "records_text_in_message": lambda a, b: json.dumps({"message": '{"records":[%s,%s]}' % (a, b)}),
    "text_in_event_original": lambda a, b: json.dumps([{"event": {"original": a}}, {"event": {"original": b}}]),
    "event_grid_data": lambda a, b: json.dumps([{"id": "1", "eventType": "x", "data": json.loads(a)},
                                                {"id": "2", "eventType": "x", "data": json.loads(b)}]),
    "logic_apps_content_data": lambda a, b: json.dumps([{"ContentData": json.loads(a), "Properties": {}},
                                                        {"ContentData": json.loads(b)}]),
    "logic_apps_content_data_base64": lambda a, b: json.dumps(
        [{"ContentData": base64.b64encode(a.encode()).decode()}, {"ContentData": base64.b64encode(b.encode()).decode()}]),
    "encoded_once": lambda a, b: json.dumps(f"[{a},{b}]"),
    "encoded_twice": lambda a, b: json.dumps(json.dumps(f"[{a},{b}]")),
    "array_of_strings": lambda a, b: json.dumps([a, b]),
}


def _form(name, make):
    def body_form(place):
        d = place.daemon()
        a, b = risky(), risky()
        status, _, answer = d.post(make(a, b))
        count = 1 if name == "one_record" else 2
        equal((status, answer.get("accepted"), answer.get("rejected")), (200, count, 0), f"answer {answer}")
        users = {s["user"]["name"] for s in d.stored()}
        equal(users, {user_of(a)} if count == 1 else {user_of(a), user_of(b)}, "users of the alerts")
    body_form.__module__ = __name__
    return body_form


for _name, _make in FORMS.items():
    globals()["body_form_" + _name + "_is_unwrapped"] = _form(_name, _make)
    globals()["body_form_" + _name + "_is_unwrapped"].__name__ = "body_form_" + _name + "_is_unwrapped"


def every_shape_raises_the_alert(place):
    d = place.daemon()
    for shape in "abcd":
        status, _, answer = d.post(risky(shape))
        equal((status, answer["accepted"]), (200, 1), f"shape {shape}: {answer}")
    equal(len(d.stored()), 4, "alerts")


def content_type_is_ignored(place):
    d = place.daemon()
    for kind in ("application/json", "text/plain", "application/x-ndjson", "application/octet-stream", "nonsense"):
        equal(d.post(quiet(), {"Content-Type": kind})[0], 200, kind)


def bad_token_gets_401_before_any_body_byte(place):
    d = place.daemon(token=True)
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) as s:
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nContent-Length: 5000000\r\n\r\n")
        answer = read_until(s, lambda b: b"\r\n\r\n" in b)
        check(answer.startswith(b"HTTP/1.1 401"), f"answer {answer[:80]!r}")
        check(b"www-authenticate: bearer" in answer.lower(), "WWW-Authenticate is missing")
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) as s:
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")
        answer = read_until(s, lambda b: b"\r\n\r\n" in b)
        check(answer.startswith(b"HTTP/1.1 401"), f"without a token: {answer[:80]!r}")


def token_is_taken_as_bearer_and_refused_otherwise(place):
    d = place.daemon(token=True)
    equal(d.post(quiet(), {"Authorization": "Bearer " + TOKEN})[0], 200, "right token")
    equal(d.post(quiet(), {"Authorization": "bearer " + TOKEN})[0], 200, "scheme without case")
    for bad in ({}, {"Authorization": "Bearer " + TOKEN + "x"}, {"Authorization": "Bearer " + TOKEN[:-1]},
                {"Authorization": "Bearer"}, {"Authorization": TOKEN}):
        status, headers, _ = d.post(quiet(), bad)
        equal(status, 401, f"{bad}")


def partial_failure_is_told_by_index(place):
    d = place.daemon()
    deep = '{"a":' * 100 + "1" + "}" * 100
    body = "[%s,%s,%s,%s]" % (quiet(), '{"broken": nan}', risky(), deep)
    status, _, answer = d.post(body)
    equal((status, answer["accepted"], answer["rejected"]), (200, 2, 2), f"{answer}")
    equal([e["index"] for e in answer["errors"]], [1, 3], "indexes")
    equal(answer["errors"][1]["code"], "depth", "code of the deep record")
    check(all(e.get("detail") for e in answer["errors"]), "details")
    equal(len(d.stored()), 1, "the good neighbours were evaluated")


def repeated_events_are_counted_and_make_one_alert(place):
    d = place.daemon()
    body = risky()
    equal(d.post(body)[2]["duplicates"], 0, "first")
    equal(d.post(body)[2]["duplicates"], 1, "second")
    equal(len(d.stored()), 1, "alerts")


def all_records_bad_gets_422(place):
    d = place.daemon()
    status, headers, answer = d.post('[{"a":nan},{"b":}]')
    equal(status, 422, f"{answer}")


def malformed_and_empty_bodies_get_400(place):
    d = place.daemon()
    for body in ("", "   \n", "this is not JSON"):
        status, headers, answer = d.post(body)
        equal(status, 400, f"body {body!r}: {answer}")
        check(headers["content-type"].startswith("application/problem+json"), f"content type {headers['content-type']}")
    equal(d.post('{"records":[]}')[0], 200, "an empty batch is no error")


def good_records_stand_when_the_body_breaks_off(place):
    d = place.daemon()
    status, _, answer = d.post("[" + risky() + "," + quiet()[:200])
    equal((status, answer["accepted"], answer["rejected"]), (200, 1, 1), f"{answer}")
    equal(len(d.stored()), 1, "alerts")


def too_large_body_gets_413(place):
    d = place.daemon({"listeners": {"http": {"max_body": "64KiB"}}})
    status, headers, answer = d.post(quiet() + " " * 70000)
    equal(status, 413, f"{answer}")
    equal((answer["status"], answer["type"].rsplit(":", 1)[0]), (413, "urn:picketd:problem"), "problem document")
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) as s:
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
        check(read_until(s, lambda b: b"\r\n" in b).startswith(b"HTTP/1.1 413"), "by Content-Length alone")


def gzip_bomb_gets_413(place):
    d = place.daemon()
    status, _, answer = d.post(gz("[" + " " * 40_000_000 + "]", 9), {"Content-Encoding": "gzip"})
    equal((status, answer["code"]), (413, "decompression"), f"{answer}")


def too_many_records_get_413_and_the_first_stand(place):
    d = place.daemon({"listeners": {"http": {"max_records": 3}}})
    status, _, answer = d.post("\n".join([risky()] + [quiet() for _ in range(5)]))
    equal(status, 413, f"{answer}")
    equal(len(d.stored()), 1, "alerts")


def unknown_encoding_gets_415(place):
    d = place.daemon()
    status, headers, _ = d.post(b"x", {"Content-Encoding": "br"})
    equal(status, 415, "status")
    check("gzip" in headers.get("accept-encoding", ""), f"Accept-Encoding {headers.get('accept-encoding')}")


def broken_gzip_gets_400(place):
    d = place.daemon()
    status, _, answer = d.post(b"\x1f\x8b\x08\x00garbage that is not deflate", {"Content-Encoding": "gzip"})
    equal(status, 400, f"{answer}")


def unknown_path_gets_404_and_method_405(place):
    d = place.daemon()
    equal(d.post("{}", path="/v2/events")[0], 404, "path")
    status, headers, _ = d.post(None, method="GET")
    equal((status, headers.get("allow")), (405, "POST"), "method")


def every_answer_has_a_request_id(place):
    d = place.daemon()
    seen = {d.post(quiet())[1].get("x-request-id"), d.post("")[1].get("x-request-id")}
    check(None not in seen and len(seen) == 2, f"{seen}")


def full_buffers_get_503_with_retry_after(place):
    d = place.daemon(_inflight())
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=20) as held:
        body = risky(pad=258).encode()
        check(60000 < len(body) < 65536, f"{len(body)} bytes")
        held.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:-1])

        def refused():
            answer = d.post(quiet(pad=20))
            return answer if answer[0] == 503 else None
        _, headers, _ = until(refused, 20, "no 503")
        check(1 <= int(headers["retry-after"]) <= 30, f"Retry-After {headers.get('retry-after')}")
        check(headers["content-type"].startswith("application/problem+json"), "problem document")
        held.sendall(body[-1:])
        check(read_until(held, lambda b: b"\r\n" in b).startswith(b"HTTP/1.1 200"), "the held request")
    equal(d.post(quiet(pad=20))[0], 200, "afterwards")


def an_answered_request_holds_no_bytes_any_more(place):
    d = place.daemon(_inflight(), env={"PICKETD_FAULTS": f"http.flushed=hold:{place.path('go')}"})
    body = risky(pad=180).encode()
    check(32768 < len(body) < 65536, f"{len(body)} bytes: two at once do not fit")
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=20) as first:
        first.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        check(read_until(first, lambda b: b"\r\n" in b).startswith(b"HTTP/1.1 200"), "the first")
        # the first one's worker is held where its answer is out; this goes to the other worker
        equal(d.post(body)[0], 200, "the second")
        place.write("go", "")


def _inflight():
    return {"listeners": {"http": {"max_inflight": "64KiB"}}}


def keep_alive_and_pipelining_answer_in_order(place):
    d = place.daemon()
    with socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) as s:
        bodies = [quiet().encode(), b"nonsense", risky().encode()]
        s.sendall(b"".join(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(b) + b for b in bodies))
        data = read_until(s, lambda b: b.count(b"HTTP/1.1 ") >= 3 and b.endswith((b"}", b"}\n")), 10)
        codes = [int(piece[:3]) for piece in data.split(b"HTTP/1.1 ")[1:]]
        equal(codes, [200, 400, 200], "answers")


def smuggling_forms_are_refused(place):
    d = place.daemon()
    for head in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
                 b"Content-Length : 5\r\n", b"X: a\r\n b\r\nContent-Length: 5\r\n", b"Content-Length: +5\r\n"):
        with socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) as s:
            s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + head + b"\r\nhello")
            data = read_until(s, lambda b: b"\r\n" in b)
            check(data.startswith(b"HTTP/1.1 400"), f"{head!r} -> {data[:60]!r}")


def _peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(row.split()[1]) for row in f if row.startswith("VmHWM:"))


def eight_gzip_bodies_of_60_MiB_raise_peak_memory_by_less_than_96_MiB(place):
    if os.environ.get("PICKETD_SANITIZED"):
        from harness import Skip
        raise Skip("a sanitizer's shadow memory is not the daemon's")
    d = place.daemon()
    row = (quiet(pad=6) + "\n").encode()
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    body, size = [], 0
    plain = row * 400
    while size + len(plain) <= 60 * 1024 * 1024:
        # varied a little, so that the ratio stays under the limit of 100:1
        body.append(pack.compress(plain))
        body.append(pack.compress(os.urandom(12000).hex().join(('{"pad":"', '"}\n')).encode()))
        size += len(plain) + 24010
    body.append(pack.flush())
    path = place.write("big.gz", b"".join(body))
    d.post(quiet())
    before = _peak(d.pid)
    senders = [subprocess.Popen([need("curl"), "-sS", "--max-time", "100", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                                 "Content-Encoding: gzip", "--data-binary", "@" + path,
                                 f"http://127.0.0.1:{d.port('http')}/v1/events"], stdout=subprocess.PIPE) for _ in range(8)]
    codes = [s.communicate(timeout=110)[0].decode() for s in senders]
    rise = _peak(d.pid) - before
    check(all(c in ("200", "503") for c in codes) and codes.count("200") >= 4, f"answers {codes}")
    check(rise < 96 * 1024, f"peak rose by {rise / 1024:.1f} MiB")
    return f"decoded {size / 1048576:.0f} MiB each, answers {' '.join(codes)}, peak rose by {rise / 1024:.1f} MiB"


eight_gzip_bodies_of_60_MiB_raise_peak_memory_by_less_than_96_MiB.limit = 180
