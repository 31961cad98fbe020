"""What a 200 means, under kill -9 and under a held disk."""
import http.client
import os
import random
import re
import select
import threading

from events import quiet, risky, user_of
from harness import SEED, Receiver, check, equal, need, request, until


def no_client_gets_its_200_while_the_store_is_held(place):
    d = place.daemon(env={"PICKETD_FAULTS": f"store.hold=hold:{place.path('go')}"})
    waiting = []
    for _ in range(8):
        c = http.client.HTTPConnection("127.0.0.1", d.port("http"), timeout=60)
        c.request("POST", "/v1/events", body=risky())
        waiting.append(c)
    for _ in range(20):  # requests without an alert pass meanwhile, so the workers do run
        equal(d.post(quiet())[0], 200, "a quiet request")
    until(lambda: d.metric("picketd_rule_matches_total", rule=SEED) == 8, 10, "all were evaluated")
    equal(d.post(quiet())[0], 200, "a quiet request")
    answered, _, _ = select.select([c.sock for c in waiting], [], [], 0.3)
    place.write("go", "")
    equal(answered, [], "answered while the store was held")
    equal([c.getresponse().status for c in waiting], [200] * 8, "after the release")


def failed_commit_gets_503_and_the_repeat_raises_the_alert(place):
    d = place.daemon(env={"PICKETD_FAULTS": "store.commit=fail:1"})
    body = risky()
    equal(d.post(body)[0], 503, "first")
    equal(d.stored(), [], "stored")
    status, _, answer = d.post(body)
    equal((status, answer["duplicates"]), (200, 1), "second")
    equal(len(d.stored()), 1, "stored after the repeat")


def fdatasync_completes_before_every_200_that_raised_an_alert(place):
    trace = place.path("trace")
    d = place.daemon(wrapper=[need("strace"), "-f", "-qq", "-s", "64", "-e", "signal=none", "-e",
                              "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fdatasync,fsync", "-o", trace],
                     env={"ASAN_OPTIONS": "detect_leaks=0"})
    problems = []

    def client():
        c = http.client.HTTPConnection("127.0.0.1", d.port("http"), timeout=60)
        try:
            for _ in range(10):
                status, _, _ = request(c, risky())
                if status != 200:
                    problems.append(status)
        finally:
            c.close()
    threads = [threading.Thread(target=client) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    equal(problems, [], "answers")
    d.stop()
    begun = {}      # fd -> trace row where its request was read
    sync_start, syncs, answers, pending = {}, [], 0, {}
    with open(trace, encoding="utf-8", errors="replace") as f:
        for row, text in enumerate(f):
            pid, _, call = text.partition(" ")
            call = call.strip()
            if "<unfinished" in call:
                pending[pid] = (row, call.split("<unfinished")[0])
                if call.startswith(("fdatasync(", "fsync(")):
                    sync_start[pid] = row
                continue
            started = row
            if call.startswith("<... "):
                started, front = pending.pop(pid, (row, ""))
                call = front + call.split("resumed>", 1)[1]
            if re.match(r"f(data)?sync\(", call):
                if re.search(r"=\s+0$", call):
                    syncs.append((started, row))
                continue
            m = re.match(r"(\w+)\((\d+)", call)
            if not m:
                continue
            if "POST /v1" in call and m.group(1) in ("read", "readv", "recvfrom", "recvmsg"):
                begun[m.group(2)] = row
            elif "HTTP/1.1 200" in call and m.group(2) in begun:
                answers += 1
                at = begun.pop(m.group(2))
                check(any(at < s and e < started for s, e in syncs), f"200 at row {row} for the request of row {at} without a completed sync")
    equal(answers, 40, "answers seen in the trace")
    return f"{answers} answers, {len(syncs)} completed syncs"


class _Load:
    """Clients that post without pause, and what the answers owe."""

    def __init__(self, daemon, clients=4):
        self.daemon, self.stop, self.more = daemon, False, threading.Condition()
        self.owed, self.unanswered, self.answers, self.flying = set(), 0, 0, 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.stop:
            bad = [risky() for _ in range(2)]
            body = "\n".join([quiet(), bad[0], quiet(), bad[1]])
            with self.more:
                self.flying += 1
            try:
                status = self.daemon.post(body, timeout=15)[0]
            except (OSError, http.client.HTTPException):
                with self.more:
                    self.flying -= 1
                    self.unanswered += 1
                return
            with self.more:
                self.flying -= 1
                if status == 200:
                    self.owed.update(user_of(b) for b in bad)
                    self.answers += 1
                self.more.notify_all()

    def wait_answers(self, count):
        with self.more:
            check(self.more.wait_for(lambda: self.answers >= count, 60), f"only {self.answers} answers")

    def end(self):
        self.stop = True
        for t in self.threads:
            t.join(30)


def twenty_kills_lose_no_alert_of_an_answered_request(place):
    r = place.receiver()
    port = r.port
    r.close()
    d = place.daemon(receiver=r)
    dice, owed, in_flight, report = random.Random(20), set(), 0, []
    for n in range(20):
        load = _Load(d)
        load.wait_answers(dice.randrange(6, 20))
        d.kill()
        load.end()
        owed |= load.owed
        in_flight += load.unanswered > 0
        report.append(f"kill {n + 1}: {load.unanswered} requests unanswered, {len(load.owed)} alerts owed")
        d.start()
    check(in_flight >= 15, f"only {in_flight} kills landed with a request in flight")
    check(len(owed) >= 200, f"only {len(owed)} alerts owed")
    up = place.add(Receiver(port=port))
    up.wait(lambda: owed <= {a["user"]["name"] for a in up.alerts()}, 60,
            lambda: f"{len(owed - {a['user']['name'] for a in up.alerts()})} of {len(owed)} owed alerts did not arrive")
    ids = [q["headers"]["webhook-id"] for q in up.requests]
    report.append(f"{len(owed)} alerts owed in all, all arrived; {in_flight} kills with a request in flight; {len(ids) - len(set(ids))} repeats")
    return "\n".join(report)


twenty_kills_lose_no_alert_of_an_answered_request.limit = 200


def kill_during_the_commit_loses_nothing_that_was_answered(place):
    r = place.receiver()
    d = place.daemon(receiver=r, env={"PICKETD_FAULTS": "store.commit=kill"})
    body = risky()
    try:
        status = d.post(body)[0]
    except (OSError, http.client.HTTPException):
        status = None
    equal(status, None, "no answer from a killed daemon")
    d.wait_exit(10)
    d.env = {}
    d.start()
    equal(d.post(body)[0], 200, "the repeat")
    equal({a["user"]["name"] for a in r.wait_alerts(1)}, {user_of(body)}, "delivered")


def second_daemon_on_the_same_state_exits_75(place):
    d = place.daemon()
    other = place.daemon(d.config, start=False, name="other")
    other.start(ready=False)
    equal(other.wait_exit(20), 75, f"exit; {other.log.lines[-3:]}")
    equal(d.post(quiet())[0], 200, "the first goes on")
