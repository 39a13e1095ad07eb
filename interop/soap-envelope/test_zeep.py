"""SOAP by Python `zeep`, from the served WSDL: both bindings, header, faults, and what lxml says of our documents."""

import asyncio
import datetime
import os
import pathlib
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import zeep
from check import BASE, TOKEN, check, finish
from lxml import etree
from zeep.plugins import HistoryPlugin

NS = "urn:octavo:users:v1"
V11 = "http://schemas.xmlsoap.org/soap/envelope/"
V12 = "http://www.w3.org/2003/05/soap-envelope"
history = HistoryPlugin(maxlen=100)
client = zeep.Client(f"{BASE}/soap?wsdl", plugins=[history])
PORTS = {"SOAP 1.1": client.bind("Users", "UsersSoap11"), "SOAP 1.2": client.bind("Users", "UsersSoap12")}
serial = 0


def address():
    global serial
    serial += 1
    return f"zeep-{os.getpid()}-{serial}@example.com"


def headers(token=TOKEN):
    return {"token": token}


def refused(call):
    """The fault that a call ends with."""
    try:
        call()
    except zeep.exceptions.Fault as fault:
        return fault
    raise AssertionError("no fault came")


def post(body, content_type):
    """Status, media type and content of an answer to raw bytes."""
    request = urllib.request.Request(f"{BASE}/soap", data=body, headers={"content-type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get_content_type(), answer.read()


def envelope(namespace, header, body):
    return f"<s:Envelope xmlns:s='{namespace}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


async def described():
    operations = {name for port in client.wsdl.services["Users"].ports.values() for name in port.binding._operations}
    assert operations == {"GetUser", "CreateUser"}, operations
    addresses = {port.binding_options["address"] for port in client.wsdl.services["Users"].ports.values()}
    assert addresses == {f"{BASE}/soap"}, addresses


def both_operations(port):
    async def run():
        email = address()
        made = port.CreateUser(Name="Zoë & <Łukasz> 🦀", Email=email, _soapheaders=headers())
        assert (made.Name, made.Email) == ("Zoë & <Łukasz> 🦀", email), made
        assert isinstance(made.CreatedAt, datetime.datetime) and made.CreatedAt.utcoffset() == datetime.timedelta(0)
        assert abs((datetime.datetime.now(datetime.timezone.utc) - made.CreatedAt).total_seconds()) < 60
        got = port.GetUser(UserId=made.Id)
        assert (got.Id, got.Name, got.CreatedAt) == (made.Id, made.Name, made.CreatedAt), got
        assert port.GetUser(UserId=made.Id, _soapheaders=headers()).Email == email

    return run


def unknown_user(port, code):
    async def run():
        fault = refused(lambda: port.GetUser(UserId=999999999))
        assert fault.message == "there is no user 999999999", fault.message
        detail = fault.detail if etree.QName(fault.detail).localname in ("detail", "Detail") else fault
        told = detail[0]
        assert told.tag == f"{{{NS}}}UserFault" and told.findtext(f"{{{NS}}}Code") == "NotFound"
        if code == "soap11":
            assert fault.code.endswith(":Client.NotFound"), fault.code
        else:
            assert fault.code.endswith(":Sender"), fault.code
            assert [etree.QName(name).localname for name in fault.subcodes] == ["NotFound"], fault.subcodes
            assert etree.QName(fault.subcodes[0]).namespace == NS

    return run


def broken_rules(port):
    async def run():
        fault = refused(lambda: port.CreateUser(Name=" ", Email="none", _soapheaders=headers()))
        violations = fault.detail[0].findall(f"{{{NS}}}Violation")
        assert [v.findtext(f"{{{NS}}}Field") for v in violations] == ["Name", "Email"], etree.tostring(fault.detail)
        email = address()
        port.CreateUser(Name="One", Email=email, _soapheaders=headers())
        fault = refused(lambda: port.CreateUser(Name="Two", Email=email, _soapheaders=headers()))
        assert fault.detail[0].findtext(f"{{{NS}}}Code") == "Conflict"

    return run


def token(port):
    async def run():
        for call in (
            lambda: port.CreateUser(Name="Ada", Email=address(), _soapheaders=headers("wrong")),
            lambda: port.GetUser(UserId=1, _soapheaders=headers("wrong")),
            lambda: port.CreateUser(Name="Ada", Email=address()),
        ):
            assert refused(call).detail[0].findtext(f"{{{NS}}}Code") == "Unauthenticated"

    return run


def must_understand(port, namespace, value):
    async def run():
        block = etree.Element("{urn:tx}Transaction", nsmap={"t": "urn:tx", "e": namespace})
        block.set(f"{{{namespace}}}mustUnderstand", value)
        block.text = "5"
        fault = refused(lambda: port.GetUser(UserId=1, _soapheaders=[block]))
        assert fault.code.endswith(":MustUnderstand"), fault.code
        answer = history.last_received["envelope"]
        blocks = answer.findall(f"{{{V12}}}Header/{{{V12}}}NotUnderstood")
        if namespace == V12:
            prefix, _, local = blocks[0].get("qname").partition(":")
            assert (blocks[0].nsmap[prefix], local) == ("urn:tx", "Transaction")
        else:
            assert not blocks
        block.set(f"{{{namespace}}}mustUnderstand", "0")
        assert refused(lambda: port.GetUser(UserId=999999999, _soapheaders=[block])).code.endswith((":Client.NotFound", ":Sender"))

    return run


async def version_mismatch():
    for content_type, namespace, own in (("text/xml", "urn:none", V11), ("application/soap+xml", "urn:none", V12), ("text/xml", V12, V11)):
        status, kind, content = post(envelope(namespace, "", "<x/>"), content_type)
        answer = etree.fromstring(content)
        assert (status, kind, answer.tag) == (500, content_type, f"{{{own}}}Envelope"), (status, kind, content)
        assert b"VersionMismatch" in content
        supported = answer.findall(f".//{{{V12}}}Upgrade/{{{V12}}}SupportedEnvelope")
        assert [e.nsmap[e.get("qname").split(":")[0]] for e in supported] == [V12, V11], content


async def answers_are_well_formed():
    strict = etree.XMLParser(resolve_entities=False, no_network=True, recover=False)
    bodies = [b"", b"{", b"<a", b"<a/>", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]
    bodies += [envelope(V12, "", body) for body in ("", "<a/>", f"<u:GetUser xmlns:u='{NS}'><u:UserId>&lt;]]&gt;&amp;\"</u:UserId></u:GetUser>", "<p:a/>", "<a b='1' b='2'/>", "&#1;")]
    bodies += [envelope(V12, "<a/>", ""), envelope(V12, "<a:b xmlns:a='urn:a&amp;b' s:mustUnderstand='1'/>", "")]
    for body in bodies:
        for content_type in ("text/xml", "application/soap+xml", "text/plain"):
            status, kind, content = post(body, content_type)
            answer = etree.fromstring(content, strict)
            assert 400 <= status <= 500 and kind in ("text/xml", "application/soap+xml"), (status, kind)
            assert etree.QName(answer[-1][0]).localname == "Fault", content


async def encodings():
    text = f"<s:Envelope xmlns:s='{V11}'><s:Body><u:GetUser xmlns:u='{NS}'><u:UserId>999999999</u:UserId></u:GetUser></s:Body></s:Envelope>"
    tree = etree.fromstring(text)
    for encoding in ("UTF-8", "UTF-16", "UTF-16LE", "US-ASCII"):
        status, _, content = post(etree.tostring(tree, xml_declaration=True, encoding=encoding), "text/xml")
        assert status == 500 and b"there is no user 999999999" in content, (encoding, content)
    status, _, content = post(etree.tostring(tree, xml_declaration=True, encoding="ISO-8859-1"), "text/xml")
    assert status == 500 and b"the encoding `ISO-8859-1` is not read" in content, content


async def many_at_once():
    create = lambda email: PORTS["SOAP 1.2"].CreateUser(Name="Many", Email=email, _soapheaders=headers()).Id
    ids = await asyncio.gather(*(asyncio.to_thread(create, address()) for _ in range(16)))
    assert len(set(ids)) == 16


async def main():
    await check("zeep reads the description, and finds the address in it", described)
    for name, port in PORTS.items():
        is_11 = name == "SOAP 1.1"
        await check(f"{name}: both operations, with unicode and a header", both_operations(port))
        await check(f"{name}: an unknown user is a fault with subcode and detail", unknown_user(port, "soap11" if is_11 else "soap12"))
        await check(f"{name}: broken rules and a taken address are told in the detail", broken_rules(port))
        await check(f"{name}: a wrong token is refused everywhere, a missing one where it is needed", token(port))
        await check(f"{name}: a mandatory block that is unknown is not understood", must_understand(port, V11 if is_11 else V12, "1"))
    await check("an envelope of another version is a mismatch that names the ones we read", version_mismatch)
    await check("lxml reads every answer to bad input", answers_are_well_formed)
    await check("documents that lxml writes in UTF-8, UTF-16 and US-ASCII are read, ISO-8859-1 is refused by name", encodings)
    await check("sixteen calls side by side", many_at_once)
    finish()


asyncio.run(main())
