"""Our readers of model streams beside the Python libraries of OpenAI and Anthropic: the same bytes, the same message.

The libraries read every stream from loopback with their stream helpers; ours is the example `ai-read`, in chunks of a random
size. Streams: the recorded ones in the libraries' own source packages, and 500 generated ones. Null fields are left out on both
sides. Known differences, checked as such where they can occur:
- the libraries end a stream that was cut as if it were whole; ours is truncated;
- the libraries do not know a byte order mark, and OpenAI's takes a comment after an event with an id for an event without data, so
  no generated stream has either (`whatwg_vectors.rs` has both);
- the `index` of a tool call stays in OpenAI's library; a whole message has none, and ours has none;
- the last digit of a long fraction is exact in `serde_json` only with its feature `float_roundtrip`, so fractions are short here;
- jiter, which reads partial JSON for the libraries, takes a number at the end of a text as it stands; `Unfinished::Drop` leaves it
  out, since more digits may follow.
"""

import glob
import http.server
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tarfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import anthropic  # noqa: E402
import check  # noqa: E402
import jiter  # noqa: E402
import openai  # noqa: E402

CACHE = pathlib.Path(__file__).resolve().parent.parent / ".cache"
READ = f"{check.EXAMPLES}/ai-read"
COUNT = 30 if check.SMOKE else 500
SEED = int(os.environ.get("SSE_SEED", time.time_ns() % 1_000_000))
dice = random.Random(SEED)
print(f"SSE_SEED={SEED}, {COUNT} generated streams", flush=True)

# A number that a text ends in.
NUMBER = re.compile(r"(?<![A-Za-z0-9])-?[0-9][-+0-9.eE]*$")

streams = {}


class Serve(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = streams[self.headers["x-stream"]]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Serve)
threading.Thread(target=httpd.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{httpd.server_port}"
gpt = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=60)
claude = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0, timeout=60)
ASK = [{"role": "user", "content": "?"}]


# --- what the libraries make of a stream ---

def theirs(kind, name):
    headers = {"x-stream": name}
    if kind == "openai-chat":
        with gpt.chat.completions.stream(model="m", messages=ASK, extra_headers=headers) as stream:
            return stream.get_final_completion()
    if kind == "openai-responses":
        with gpt.responses.stream(model="m", input="?", extra_headers=headers) as stream:
            return stream.get_final_response()
    messages = claude.beta.messages if kind == "anthropic-beta" else claude.messages
    with messages.stream(model="m", max_tokens=9, messages=ASK, extra_headers=headers) as stream:
        return stream.get_final_message()


def clean(value):
    """Without nulls, and without the index of tool calls."""
    if isinstance(value, dict):
        return {key: [clean(without(entry)) for entry in entries] if key == "tool_calls" and isinstance(entries := inner, list) else clean(inner)
                for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    return value


def without(call):
    return {key: value for key, value in call.items() if key != "index"}


def ours(batch):
    """`[(kind, name, chunk)]` to what `ai-read` prints for each."""
    head = lambda kind, name, chunk: f"{kind.removesuffix('-beta')} {chunk} {len(streams[name])}\n".encode()
    stdin = b"".join(head(*entry) + streams[entry[1]] for entry in batch)
    done = subprocess.run([READ, "batch"], input=stdin, stdout=subprocess.PIPE, check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def compare(kind, name, got):
    assert "error" not in got, f"{name}: {got['error']}"
    want = theirs(kind, name)
    left, right = clean(got["message"]), clean(want.model_dump(mode="json"))
    assert left == right, f"{name}:\n ours   {json.dumps(left, sort_keys=True)}\n theirs {json.dumps(right, sort_keys=True)}"
    # What the deltas said adds up to the same.
    if kind == "openai-chat":
        text = "".join(choice.message.content or "" for choice in want.choices) if len(want.choices) == 1 else None
        tools = [call.function.arguments for call in want.choices[0].message.tool_calls or []] if len(want.choices) == 1 else None
    elif kind == "openai-responses":
        text = want.output_text
        tools = [item.arguments for item in want.output if item.type == "function_call"]
    else:
        text = "".join(block.text for block in want.content if block.type == "text")
        tools = None
        calls = [block for block in want.content if block.type == "tool_use"]
        for tool, call in zip(got["tools"], calls, strict=True):
            assert not is_json(tool["input"]) or json.loads(tool["input"] or "{}") == call.input, f"{name}: {tool} is not {call}"
    assert text is None or got["text"] == text, f"{name}: the deltas said {got['text']!r}, not {text!r}"
    assert tools is None or [tool["input"] for tool in got["tools"]] == tools, f"{name}: {got['tools']} is not {tools}"


def is_json(text):
    try:
        json.loads(text or "{}")
        return True
    except ValueError:
        return False


# --- streams as the services might send them ---

def text():
    alphabet = dice.choice(["abc de", "abcdefghij \n", 'a"\\/\b\f\n\r\t{}[],:', "aé漢\U0001f600\u2028 ", "data: \n\r[DONE]"])
    return "".join(dice.choice(alphabet) for _ in range(dice.choice([1, 3, 10, 40])))


def value(depth=3):
    kinds = ["text", "int", "float", "bool", "null"] + (["list", "map"] if depth else [])
    kind = dice.choice(kinds)
    return {
        "text": text,
        "int": lambda: dice.choice([0, -1, 12345, 2**53 + 1, -(2**63), 2**64 - 1, dice.randrange(10**6)]),
        "float": lambda: round(dice.uniform(-1000, 1000), 3),
        "bool": lambda: dice.random() < 0.5,
        "null": lambda: None,
        "list": lambda: [value(depth - 1) for _ in range(dice.randrange(4))],
        "map": lambda: {text(): value(depth - 1) for _ in range(dice.randrange(4))},
    }[kind]()


def arguments():
    return write({f"k{n}": value() for n in range(dice.randrange(4))})


def write(what):
    return json.dumps(what, ensure_ascii=dice.random() < 0.5, separators=dice.choice([None, (",", ":"), (" , ", " : ")]))


def pieces(whole):
    """The text cut at random places, sometimes with nothing between two cuts."""
    out = []
    while whole:
        size = dice.choice([0, 1, 2, 5, 20, len(whole)])
        out.append(whole[:size])
        whole = whole[size:]
    return out or [""]


class Wire:
    """An event stream with the freedoms that the standard gives and the libraries take: line ends, comments, the order of fields."""

    def __init__(self, named):
        self.named, self.end, self.out = named, dice.choice(["\n", "\r\n", "\r"]), []
        self.comments = dice.random() < 0.5

    def event(self, data, done=False):
        if self.comments and dice.random() < 0.2:
            self.out.append(": keep-alive" + self.end * 2)
        line = data if done else write(data)
        lines = [f"data:{' ' if dice.random() < 0.8 or line.startswith(' ') else ''}{line}"]
        # A service that names its types does so in both places; the data alone decides at OpenAI's.
        if self.named:
            lines.insert(0 if dice.random() < 0.7 else 1, f"event: {data['type']}")
        if not self.comments and dice.random() < 0.05:
            lines.append(f"id: {dice.randrange(100)}")
        self.out.append(self.end.join(lines) + self.end * 2)

    def bytes(self):
        return "".join(self.out).encode()


def chat_stream():
    wire = Wire(False)
    head = {"id": f"chatcmpl-{dice.randrange(10**9)}", "object": "chat.completion.chunk", "created": 1_764_000_000 + dice.randrange(10**6), "model": "gpt-4o"}
    if dice.random() < 0.7:
        head["system_fingerprint"] = "fp_1"
    if dice.random() < 0.3:
        head["service_tier"] = "default"
    null_usage, with_logprobs = dice.random() < 0.5, dice.random() < 0.2

    def chunk(choices, **more):
        data = {**head, "choices": choices, **({"usage": None} if null_usage else {}), **more}
        if dice.random() < 0.3:
            data["obfuscation"] = text()
        wire.event(data)

    count = dice.choice([1, 1, 1, 2, 3])
    for index in range(count):
        chunk([{"index": index, "delta": {"role": "assistant", "content": dice.choice(["", None]), "refusal": None}, "logprobs": None, "finish_reason": None}])
    work = []
    for index in range(count):
        mine = []
        if dice.random() < 0.2:
            mine += [{"refusal": piece} for piece in pieces(text())]
        elif dice.random() < 0.9:
            mine += [{"content": piece} for _ in range(dice.randrange(1, 4)) for piece in pieces(text())]
        if dice.random() < 0.2:
            mine = [{"reasoning_content": piece} for piece in pieces(text())] + mine
        tools = dice.choice([0, 0, 1, 2, 3])
        for n in range(tools):
            first = {"index": n, "id": f"call_{n}", "type": "function", "function": {"name": f"f{n}", "arguments": ""}}
            mine.append({"tool_calls": [first]})
            mine += [{"tool_calls": [{"index": n, "function": {"arguments": piece}}]} for piece in pieces(arguments())]
        work.append((index, mine, "tool_calls" if tools else "stop"))
    while work:
        # Choices grow in turn, sometimes two in one chunk.
        index, mine, reason = dice.choice(work)
        if mine:
            choice = {"index": index, "delta": mine.pop(0), "logprobs": None, "finish_reason": None}
            if with_logprobs and choice["delta"].get("content"):
                token = {"token": choice["delta"]["content"], "logprob": -0.25, "bytes": [1, 2], "top_logprobs": []}
                choice["logprobs"] = {"content": [token], "refusal": None}
            chunk([choice])
        else:
            chunk([{"index": index, "delta": {}, "logprobs": None, "finish_reason": reason}])
            work = [entry for entry in work if entry[0] != index]
    if dice.random() < 0.7:
        usage = {"prompt_tokens": dice.randrange(1000), "completion_tokens": dice.randrange(1000), "total_tokens": dice.randrange(2000)}
        if dice.random() < 0.5:
            usage["prompt_tokens_details"] = {"cached_tokens": dice.randrange(10), "audio_tokens": 0}
            usage["completion_tokens_details"] = {"reasoning_tokens": dice.randrange(10)}
        chunk([], usage=usage)
    wire.event("[DONE]", done=True)
    return wire.bytes()


def message_stream():
    wire = Wire(True)
    usage = {"input_tokens": dice.randrange(1000), "output_tokens": 1}
    if dice.random() < 0.5:
        usage |= {"cache_creation_input_tokens": dice.choice([0, 5]), "cache_read_input_tokens": dice.choice([0, 7])}
    if dice.random() < 0.3:
        usage |= {"service_tier": "standard", "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1}}
    start = {"id": f"msg_{dice.randrange(10**9)}", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    wire.event({"type": "message_start", "message": start})
    has_tool = False
    for index in range(dice.randrange(5)):
        kind = dice.choice(["text", "text", "tool_use", "tool_use", "thinking", "redacted_thinking", "server_tool_use"])
        cut = None
        if kind == "text":
            block = {"type": "text", "text": dice.choice(["", "", "begun: "])}
            deltas = [{"type": "text_delta", "text": piece} for _ in range(dice.randrange(3)) for piece in pieces(text())]
            if dice.random() < 0.2:
                place = {"cited_text": text(), "document_index": 0, "document_title": None, "start_char_index": 0, "end_char_index": 5}
                deltas += [{"type": "citations_delta", "citation": {"type": "char_location", **place}} for _ in range(dice.randrange(1, 3))]
        elif kind in ("tool_use", "server_tool_use"):
            has_tool = has_tool or kind == "tool_use"
            block = {"type": kind, "id": f"toolu_{index}", "name": "web_search" if kind == "server_tool_use" else f"f{index}", "input": {}}
            whole = arguments()
            if dice.random() < 0.1:
                # The model ran out of tokens, though not within a number.
                cut = NUMBER.sub("", whole[: dice.randrange(1, len(whole))])
            parts = pieces(whole if cut is None else cut)
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in dice.choice([[""], []]) + parts]
            if dice.random() < 0.1:
                cut, deltas = None, []
        elif kind == "thinking":
            block = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(text())] + [{"type": "signature_delta", "signature": "c2ln"}]
        else:
            block, deltas = {"type": "redacted_thinking", "data": "YWJj"}, []
        wire.event({"type": "content_block_start", "index": index, "content_block": block})
        for delta in deltas:
            if dice.random() < 0.1:
                wire.event({"type": "ping"})
            wire.event({"type": "content_block_delta", "index": index, "delta": delta})
        wire.event({"type": "content_block_stop", "index": index})
        if cut is not None:
            break
    usage = {"output_tokens": dice.randrange(1000)}
    if dice.random() < 0.4:
        usage |= {"input_tokens": dice.choice([None, 3, 900]), "cache_read_input_tokens": dice.choice([None, 9])}
    if dice.random() < 0.2:
        usage |= {"server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}, "output_tokens_details": {"thinking_tokens": 4}}
    reason = "tool_use" if has_tool else dice.choice(["end_turn", "max_tokens", "stop_sequence"])
    delta = {"stop_reason": reason, "stop_sequence": "\n\nHuman:" if reason == "stop_sequence" else None}
    wire.event({"type": "message_delta", "delta": delta, "usage": usage})
    wire.event({"type": "message_stop"})
    return wire.bytes()


def response_stream():
    wire = Wire(dice.random() < 0.9)
    number = 0

    def event(kind, **fields):
        nonlocal number
        wire.event({"type": kind, "sequence_number": number, **fields})
        number += 1

    output = []

    def response(status, **more):
        return {"id": "resp_1", "object": "response", "created_at": 1_764_000_000, "status": status, "model": "gpt-4.1", "output": [], "parallel_tool_calls": True,
                "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None, "metadata": {}, "temperature": 1.0, **more}

    event("response.created", response=response("in_progress"))
    if dice.random() < 0.7:
        event("response.in_progress", response=response("in_progress"))
    for index in range(dice.randrange(5)):
        kind = dice.choice(["message", "message", "function_call", "function_call", "reasoning", "web_search_call"])
        at = {"item_id": f"item_{index}", "output_index": index}
        if kind == "message":
            item = {"id": f"item_{index}", "type": kind, "status": "in_progress", "role": "assistant", "content": []}
            event("response.output_item.added", output_index=index, item=item)
            parts = []
            for part_index in range(dice.randrange(1, 3)):
                where = {**at, "content_index": part_index}
                said = text()
                refuses = part_index and dice.random() < 0.5
                name, field, part = ("refusal", "refusal", {"type": "refusal", "refusal": ""}) if refuses else ("output_text", "text", {"type": "output_text", "text": "", "annotations": []})
                event("response.content_part.added", **where, part=part)
                extra = {} if refuses else {"logprobs": []}
                for piece in pieces(said):
                    event(f"response.{name}.delta", **where, delta=piece, **extra)
                event(f"response.{name}.done", **where, **{field: said}, **extra)
                part = {**part, field: said}
                event("response.content_part.done", **where, part=part)
                parts.append(part)
            item = {**item, "status": "completed", "content": parts}
        elif kind == "function_call":
            item = {"id": f"item_{index}", "type": kind, "status": "in_progress", "call_id": f"call_{index}", "name": f"f{index}", "arguments": ""}
            event("response.output_item.added", output_index=index, item=item)
            whole = arguments()
            for piece in pieces(whole):
                event("response.function_call_arguments.delta", **at, delta=piece)
            event("response.function_call_arguments.done", **at, arguments=whole)
            item = {**item, "status": "completed", "arguments": whole}
        elif kind == "reasoning":
            item = {"id": f"item_{index}", "type": kind, "summary": []}
            event("response.output_item.added", output_index=index, item=item)
            where, said = {**at, "summary_index": 0}, text()
            event("response.reasoning_summary_part.added", **where, part={"type": "summary_text", "text": ""})
            for piece in pieces(said):
                event("response.reasoning_summary_text.delta", **where, delta=piece)
            event("response.reasoning_summary_text.done", **where, text=said)
            event("response.reasoning_summary_part.done", **where, part={"type": "summary_text", "text": said})
            item = {**item, "summary": [{"type": "summary_text", "text": said}]}
        else:
            item = {"id": f"item_{index}", "type": kind, "status": "in_progress", "action": {"type": "search", "query": "q"}}
            event("response.output_item.added", output_index=index, item=item)
            for step in ("in_progress", "searching", "completed"):
                event(f"response.web_search_call.{step}", **at)
            item = {**item, "status": "completed"}
        event("response.output_item.done", output_index=index, item=item)
        output.append(item)
    usage = {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0}, "output_tokens": dice.randrange(99), "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 102}
    # Some services leave the output out at the end.
    last = response("completed", usage=usage, output=output if dice.random() < 0.8 else None)
    event("response.completed", response=last)
    return wire.bytes()


# --- the checks ---

def source_package(package):
    """The source package that belongs to the library, unpacked; fetched once."""
    name = f"{package.__name__}-{package.__version__}"
    folder = CACHE / name
    if not (folder / "tests").is_dir():
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:", "-d", str(CACHE)]
        subprocess.run([*pip, f"{package.__name__}=={package.__version__}"], check=True, timeout=300)
        with tarfile.open(CACHE / f"{name}.tar.gz") as archive:
            archive.extractall(CACHE, members=[m for m in archive.getmembers() if m.name.startswith(f"{name}/tests/")], filter="data")
    return folder


def recorded_messages():
    folder = source_package(anthropic)
    files = sorted(glob.glob(f"{folder}/tests/fixtures/**/*.sse", recursive=True))
    files.append(f"{folder}/tests/lib/streaming/fixtures/incomplete_partial_json_response.txt")
    assert len(files) >= 4, files
    for path in files:
        name = os.path.basename(path)
        body = pathlib.Path(path).read_bytes()
        # The file as it is; blank lines between events that an editor took away at its end are put back.
        streams[name] = body.rstrip(b"\n") + b"\n\n"
        for chunk in (1, 7, 1460):
            [got] = ours([("anthropic-beta", name, chunk)])
            compare("anthropic-beta", name, got)
        cut = f"{name}, cut"
        streams[cut] = streams[name][: streams[name].rindex(b"event: message_stop")]
        [got] = ours([("anthropic", cut, 100)])
        assert got["error"]["truncated"], got


def recorded_frames():
    """OpenAI's package names recordings of chat streams but does not hold them; it holds frames of responses."""
    scenarios = json.loads((source_package(openai) / "tests/lib/responses/fixtures/websocket_scenarios.json").read_text())["scenarios"]
    read = errors = 0
    for scenario in scenarios:
        for number, turn in enumerate(scenario["turns"]):
            frames = [frame for frame in turn["frames"] if isinstance(frame, dict)]
            if len(frames) < len(turn["frames"]) or not frames:
                continue
            name = f"{scenario['id']} {number}"
            streams[name] = "".join(f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n" for frame in frames).encode()
            [got] = ours([("openai-responses", name, 10)])
            last = frames[-1]["type"]
            if last == "response.completed":
                # Its text deltas may stand without the events that begin their items, at which the library stops too.
                if not any(frame["type"] == "response.output_text.delta" for frame in frames):
                    compare("openai-responses", name, got)
                    read += 1
            elif last == "response.incomplete":
                assert "error" not in got, got
            elif last in ("response.failed", "error"):
                assert got["error"]["api"], got
                errors += 1
            else:
                assert got["error"]["truncated"], got
    assert read >= 3 and errors >= 2, (read, errors)


def generated(kind, make, share):
    names = []
    for number in range(share):
        name = f"{kind} {number}"
        streams[name] = make()
        names.append((kind, name, dice.choice([1, 3, 10, 100, 1460, 1 << 20])))
    for (kind, name, _), got in zip(names, ours(names), strict=True):
        compare(kind, name, got)


def cut():
    """Streams without their end: an error of ours; the libraries raise for a response alone."""
    for kind, make, end in [("openai-chat", chat_stream, b"[DONE]"), ("openai-responses", response_stream, b"response.completed"), ("anthropic", message_stream, b"message_stop")]:
        for number in range(5):
            name = f"{kind}, cut {number}"
            whole = make()
            # The last event goes, its lines with it.
            last = whole.rindex(end)
            streams[name] = whole[: max(whole.rfind(b"\n\n", 0, last) + 2, whole.rfind(b"\r\n\r\n", 0, last) + 4, whole.rfind(b"\r\r", 0, last) + 2)]
            [got] = ours([(kind, name, 50)])
            assert got["error"]["truncated"], got
            try:
                theirs(kind, name)
                raised = False
            except RuntimeError:
                raised = True
            assert raised == (kind == "openai-responses"), f"{name}: raised is {raised}"


def partial_json():
    """Prefixes of tool inputs, in both readings, beside jiter."""
    texts = []
    for _ in range(COUNT):
        whole = arguments()
        texts += [whole[:end] for end in sorted({dice.randrange(1, len(whole) + 1) for _ in range(20)})]
    stdin = "".join(json.dumps(text) + "\n" for text in texts).encode()
    done = subprocess.run([READ, "partial-json"], input=stdin, stdout=subprocess.PIPE, check=True, timeout=300)
    for text, line in zip(texts, done.stdout.splitlines(), strict=True):
        got = json.loads(line)
        keep = jiter.from_json(text.encode(), partial_mode="trailing-strings")
        assert got["keep"].get("value") == keep, f"{text!r}: {got['keep']} is not {keep!r}"
        # The known difference; within a string that is left out anyway, digits do not matter.
        drop = jiter.from_json(NUMBER.sub("", text).encode(), partial_mode=True)
        assert got["drop"].get("value") == drop, f"{text!r}: {got['drop']} is not {drop!r}"


def run():
    before = check.failed
    check.check_now(f"recorded streams of anthropic {anthropic.__version__}", recorded_messages)
    check.check_now(f"recorded frames of openai {openai.__version__}", recorded_frames)
    check.check_now(f"{COUNT // 3} generated chat streams", lambda: generated("openai-chat", chat_stream, COUNT // 3))
    check.check_now(f"{COUNT // 3} generated response streams", lambda: generated("openai-responses", response_stream, COUNT // 3))
    rest = COUNT - 2 * (COUNT // 3)
    check.check_now(f"{rest} generated message streams", lambda: generated("anthropic", message_stream, rest))
    check.check_now("streams that were cut", cut)
    check.check_now(f"partial JSON beside jiter {jiter.__version__}", partial_json)
    if check.failed > before:
        print(f"again with SSE_SEED={SEED}", flush=True)
