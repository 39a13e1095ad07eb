// SOAP by npm `soap`, from the served WSDL, over both bindings.
import assert from "node:assert/strict";
import soap from "soap";
import { base, check, finish, someone, token } from "../lib/check.mjs";

const wsdl = `${base}/soap?wsdl`;
const tokenHeader = { "u:AuthToken": { attributes: { "xmlns:u": "urn:octavo:users:v1" }, $value: token } };

for (const [name, forceSoap12Headers, port] of [["SOAP 1.1", false, "UsersSoap11"], ["SOAP 1.2", true, "UsersSoap12"]]) {
  const client = await soap.createClientAsync(wsdl, { forceSoap12Headers });
  const service = client.Users[port];
  // The callback interface, as a promise; a fault rejects.
  const call = (operation, input) => new Promise((done, fail) => service[operation](input, (error, result) => (error ? fail(error) : done(result))));

  await check(`${name}: both operations`, async () => {
    const user = someone();
    client.clearSoapHeaders();
    client.addSoapHeader(tokenHeader);
    const made = await call("CreateUser", { Name: `${user.name} & <ünïcode> 🦀`, Email: user.email });
    assert.equal(made.User.Name, `${user.name} & <ünïcode> 🦀`);
    assert.equal(made.User.Email, user.email);
    assert.ok(made.User.CreatedAt instanceof Date && Math.abs(Date.now() - made.User.CreatedAt) < 60_000);
    client.clearSoapHeaders();
    const got = await call("GetUser", { UserId: made.User.Id });
    assert.deepEqual(got, made);
  });

  await check(`${name}: faults`, async () => {
    client.clearSoapHeaders();
    const missing = await call("GetUser", { UserId: 999999999 }).then(() => assert.fail("no fault came"), (error) => error);
    assert.match(missing.body, /there is no user 999999999/);
    assert.equal(missing.response.status, forceSoap12Headers ? 400 : 500);
    const fault = missing.root.Envelope.Body.Fault;
    assert.equal((fault.detail ?? fault.Detail).UserFault.Code, "NotFound");
    const closed = await call("CreateUser", { Name: "Nobody", Email: "nobody@example.com" }).then(() => assert.fail("no fault came"), (error) => error);
    assert.match(closed.body, /Unauthenticated/);
  });
}

finish();
