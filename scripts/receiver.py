#!/usr/bin/python3
"""A small webhook receiver for trying picketd out.

    receiver.py --secret-file FILE [--port N] [--out FILE] [--quiet]

Listens on loopback, checks each request's Standard Webhooks signature, and
prints the alerts. --out appends each accepted alert's JSON to a file as well.
The first line on standard output names the URL.
"""
import argparse
import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def key_of(path):
    with open(path, encoding="ascii") as f:
        text = f.read().strip()
    return base64.b64decode(text[6:] if text.startswith("whsec_") else text)


def problem_with(headers, body, key, now):
    """None when the signature is right, else what is wrong with it."""
    ident, stamp, given = (headers.get("webhook-" + n) for n in ("id", "timestamp", "signature"))
    if not (ident and stamp and given):
        return "a webhook-* header is missing"
    if not stamp.isdigit() or abs(now - int(stamp)) > 300:
        return "the timestamp is not of the last five minutes"
    digest = hmac.new(key, f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()
    want = "v1," + base64.b64encode(digest).decode()
    if not any(hmac.compare_digest(want, g) for g in given.split(" ")):
        return "the signature differs"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--secret-file", required=True)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--out")
    p.add_argument("--quiet", action="store_true")
    a = p.parse_args()
    key = key_of(a.secret_file)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            problem = problem_with(self.headers, body, key, time.time())
            self.send_response(401 if problem else 200)
            self.send_header("content-length", "0")
            self.end_headers()
            if problem:
                print(f"refused: {problem}", file=sys.stderr, flush=True)
                return
            document = json.loads(body)
            if a.out:
                with open(a.out, "a", encoding="utf-8") as f:
                    f.write(json.dumps(document) + "\n")
            if not a.quiet:
                d = document.get("data", {})
                user = (d.get("user") or {}).get("name") or (d.get("src") or {}).get("ip") or ""
                print(f"{document.get('type')} score {d.get('threat_score')} {user}: {d.get('title')}", flush=True)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", a.port), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
