"""The application that every peer brings, on the Python SDK: `peer.py worker ADDRESS ROLE`, `client ADDRESS` or `backend PORT`."""

import json
import logging
import sys
import time
from datetime import datetime, timedelta, timezone

from durabletask import client, task, worker
from durabletask.grpc_options import GrpcChannelOptions

attempts: dict[str, int] = {}


class PeerError(Exception):
    pass


def Add(_, n):
    return n + 1


def Upper(_, text):
    return text.upper()


def Text(_, length):
    return "x" * length


def Slow(_, ms):
    time.sleep(ms / 1000)
    return ms


def Fail(_, message):
    raise PeerError(message)


def Flaky(_, call):
    attempts[call["key"]] = attempts.get(call["key"], 0) + 1
    if attempts[call["key"]] <= call["failures"]:
        raise PeerError("not yet")
    return attempts[call["key"]]


def Chain(ctx, n):
    for _ in range(3):
        n = yield ctx.call_activity("Add", input=n)
    return n


def FanOut(ctx, n):
    results = yield task.when_all([ctx.call_activity("Add", input=i) for i in range(n)])
    return sum(results)


def Many(ctx, n):
    done = 0
    while done < n:
        batch = [ctx.call_activity("Add", input=i) for i in range(500)]
        done += len((yield task.when_all(batch)))
    return done


def Timer(ctx, ms):
    begun = ctx.current_utc_datetime
    yield ctx.create_timer(timedelta(milliseconds=ms))
    return (ctx.current_utc_datetime - begun) >= timedelta(milliseconds=ms)


def Event(ctx, name):
    ctx.set_custom_status("waiting")
    return (yield ctx.wait_for_external_event(name))


def Parent(ctx, n):
    return 2 * (yield ctx.call_sub_orchestrator("Chain", input=n))


def Retry(ctx, failures):
    policy = task.RetryPolicy(
        first_retry_interval=timedelta(milliseconds=100), max_number_of_attempts=5
    )
    call = {"key": ctx.instance_id, "failures": failures}
    return (yield ctx.call_activity("Flaky", input=call, retry_policy=policy))


def Generations(ctx, n):
    yield ctx.call_activity("Add", input=n)
    if n > 0:
        ctx.continue_as_new(n - 1)
        return None
    return "done"


def Failing(ctx, message):
    yield ctx.call_activity("Fail", input=message)


def Payload(ctx, length):
    text = yield ctx.call_activity("Text", input=length)
    return (yield ctx.call_activity("Upper", input=text))


def History(ctx, n):
    length = 0
    for _ in range(n):
        length += len((yield ctx.call_activity("Text", input=512 * 1024)))
    return length


def SlowChain(ctx, n):
    for i in range(n):
        yield ctx.call_activity("Slow", input=20)
    return n


def Version(ctx, _):
    return ctx.version


def Call(ctx, call):
    return (yield ctx.call_activity(call["name"], input=call["input"]))


activities = [Add, Upper, Text, Slow, Fail, Flaky]
orchestrators = [
    Chain, FanOut, Many, Timer, Event, Parent, Retry, Generations, Failing, Payload, History,
    SlowChain, Version, Call,
]  # fmt: skip


def run_worker(address, role):
    w = worker.TaskHubGrpcWorker(host_address=address, channel_options=unlimited)
    if role in ("all", "orchestrators"):
        for orchestrator in orchestrators:
            w.add_orchestrator(orchestrator)
    if role in ("all", "activities"):
        for activity in activities:
            w.add_activity(activity)
    if role != "all":
        w.use_work_item_filters()
    w.start()
    print("ready", flush=True)
    sys.stdin.read()
    w.stop()


def described(state):
    if state is None:
        return None
    failure = state.failure_details
    return {
        "status": state.runtime_status.name,
        "output": state.serialized_output,
        "customStatus": state.serialized_custom_status,
        "failure": failure and {"type": failure.error_type, "message": failure.message},
    }


def run_client(address):
    c = client.TaskHubGrpcClient(host_address=address, channel_options=unlimited)

    def start_at(command):
        delay = command.get("delayMs")
        return delay and datetime.now(timezone.utc) + timedelta(milliseconds=delay)

    operations = {
        "schedule": lambda o: c.schedule_new_orchestration(
            o["name"],
            input=o.get("input"),
            instance_id=o.get("id"),
            version=o.get("version"),
            start_at=start_at(o),
        ),
        "state": lambda o: described(c.get_orchestration_state(o["id"])),
        "wait": lambda o: described(c.wait_for_orchestration_completion(o["id"], timeout=60)),
        "raise": lambda o: c.raise_orchestration_event(o["id"], o["event"], data=o.get("data")),
        "suspend": lambda o: c.suspend_orchestration(o["id"]),
        "resume": lambda o: c.resume_orchestration(o["id"]),
        "terminate": lambda o: c.terminate_orchestration(o["id"], output=o.get("output")),
        "purge": lambda o: c.purge_orchestration(o["id"]).deleted_instance_count,
    }
    print("ready", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"result": operations[command["op"]](command)}
        except Exception as error:  # whatever it is, the test is told
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


def run_backend(port):
    from durabletask.testing import create_test_backend

    backend = create_test_backend(port=int(port), max_history_size=1_000_000)
    print("ready", flush=True)
    sys.stdin.read()
    backend.stop()


logging.disable(logging.CRITICAL)
unlimited = GrpcChannelOptions(max_receive_message_length=-1, max_send_message_length=-1)

if __name__ == "__main__":
    run = {"worker": run_worker, "client": run_client, "backend": run_backend}
    run[sys.argv[1]](*sys.argv[2:])
