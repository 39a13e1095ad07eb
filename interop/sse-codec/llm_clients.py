"""The Python clients of OpenAI and Anthropic, pointed at a service of ours that writes their formats."""

import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import anthropic  # noqa: E402
import check  # noqa: E402
import openai  # noqa: E402

SAID = 'Bonjour, "le monde"\n\U0001f600 data: [DONE]\n\nfin.'
FUNCTIONS = ["look_up", "note_down"]
CHAT_TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}} for name in FUNCTIONS]
RESPONSE_TOOLS = [{"type": "function", "name": name, "strict": False, "parameters": {"type": "object", "properties": {}}} for name in FUNCTIONS]
MESSAGE_TOOLS = [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in FUNCTIONS]


def ask(text):
    return [{"role": "user", "content": text}]


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def raised(kind, run):
    try:
        run()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def chat_chunks():
    chunks = list(gpt.chat.completions.create(model="echo", messages=ask(SAID), stream=True, stream_options={"include_usage": True}))
    same("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), SAID)
    same({(chunk.id, chunk.object, chunk.model) for chunk in chunks}, {("chatcmpl-1", "chat.completion.chunk", "echo")})
    same([chunk.usage.total_tokens for chunk in chunks if chunk.usage], [3 + len(SAID.split(" "))])


def chat_tools():
    with gpt.chat.completions.stream(model="echo", messages=ask(SAID), tools=CHAT_TOOLS) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "content.delta")
        choice = stream.get_final_completion().choices[0]
    same((deltas, choice.message.content, choice.finish_reason), (SAID, SAID, "tool_calls"))
    calls = choice.message.tool_calls
    same([(call.id, call.type, call.function.name) for call in calls], [(f"call_{n}", "function", name) for n, name in enumerate(FUNCTIONS)])
    same([json.loads(call.function.arguments) for call in calls], [{"said": SAID}] * 2)


def chat_error():
    seen = []

    def run():
        for chunk in gpt.chat.completions.create(model="echo", messages=ask("error server_error"), stream=True):
            seen.append(chunk.choices[0].delta.content)

    error = raised(openai.APIError, run)
    same((seen, error.message, error.type), (["error "], "as you asked", "server_error"))


def response_events():
    with gpt.responses.stream(model="echo", input=SAID) as stream:
        events = list(stream)
        final = stream.get_final_response()
    same("".join(event.delta for event in events if event.type == "response.output_text.delta"), SAID)
    same([event.sequence_number for event in events], list(range(len(events))))
    same([event.text for event in events if event.type == "response.output_text.done"], [SAID])
    same((final.output_text, final.status, final.usage.total_tokens), (SAID, "completed", 3 + len(SAID.split(" "))))
    unknown = {type(event).__name__ for event in events if not type(event).__name__.startswith(("Response", "Parsed"))}
    same(unknown, set())


def response_tools():
    with gpt.responses.stream(model="echo", input=ask(SAID), tools=RESPONSE_TOOLS) as stream:
        grown = {}
        for event in stream:
            if event.type == "response.function_call_arguments.delta":
                grown[event.output_index] = event.snapshot
        final = stream.get_final_response()
    calls = [item for item in final.output if item.type == "function_call"]
    same([(call.call_id, call.name, call.status) for call in calls], [(f"call_{n}", name, "completed") for n, name in enumerate(FUNCTIONS)])
    same([json.loads(call.arguments) for call in calls], [{"said": SAID}] * 2)
    same([grown[1], grown[2]], [call.arguments for call in calls])


def response_error():
    error = raised(openai.APIError, lambda: list(gpt.responses.create(model="echo", input="error server_error", stream=True)))
    same((error.message, error.type), ("as you asked", "server_error"))


def message_events():
    with claude.messages.stream(model="echo", max_tokens=100, messages=ask(SAID)) as stream:
        events = list(stream)
        final = stream.get_final_message()
    assert not [event for event in events if event.type == "ping"], "a ping came through"
    same("".join(event.text for event in events if event.type == "text"), SAID)
    same([block.type for block in final.content], ["thinking", "text"])
    same((final.content[0].thinking, final.content[0].signature), ("I shall say it back.", "c2ln"))
    same((final.content[1].text, final.stop_reason), (SAID, "end_turn"))
    same((final.usage.input_tokens, final.usage.output_tokens), (3, len(SAID.split(" "))))


def message_tools():
    with claude.messages.stream(model="echo", max_tokens=100, messages=ask(SAID), tools=MESSAGE_TOOLS) as stream:
        final = stream.get_final_message()
    calls = [block for block in final.content if block.type == "tool_use"]
    same([(call.id, call.name, call.input) for call in calls], [(f"toolu_{n}", name, {"said": SAID}) for n, name in enumerate(FUNCTIONS)])
    same(final.stop_reason, "tool_use")


def message_error():
    seen = []

    def run():
        with claude.messages.stream(model="echo", max_tokens=100, messages=ask("error overloaded_error")) as stream:
            for text in stream.text_stream:
                seen.append(text)

    error = raised(anthropic.APIStatusError, run)
    same((seen, error.body["error"]["type"]), (["error "], "overloaded_error"))


def run():
    global gpt, claude
    server = subprocess.Popen([f"{check.EXAMPLES}/llm-server", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    base = re.fullmatch(r"listening on (\S+)", server.stdout.readline().strip())[1]
    gpt = openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, timeout=60)
    claude = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0, timeout=60)
    try:
        for name, one in [
            (f"openai {openai.__version__}: chat text, usage and [DONE]", chat_chunks),
            ("openai: chat tool calls put together", chat_tools),
            ("openai: a chat error within the stream is an APIError", chat_error),
            ("openai: response events, typed and numbered", response_events),
            ("openai: response function calls put together", response_tools),
            ("openai: a response error within the stream is an APIError", response_error),
            (f"anthropic {anthropic.__version__}: text, thinking and usage, ping skipped", message_events),
            ("anthropic: tool uses put together", message_tools),
            ("anthropic: an error within the stream is an APIStatusError", message_error),
        ]:
            check.check_now(name, one)
    finally:
        server.terminate()
        server.wait()
