// A receiver on loopback that keeps what was delivered and answers as told.
import { once } from "node:events";
import { createServer } from "node:http";
import { base, json, within } from "../lib/check.mjs";

export async function receiver(answer = () => 200) {
  const deliveries = [], waiting = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    deliveries.push({ headers: request.headers, body: Buffer.concat(chunks), path: request.url });
    for (const wake of waiting.splice(0)) wake();
    response.writeHead(answer(deliveries.length)).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const until = (match) => within((async () => {
    for (;;) {
      const found = deliveries.find(match);
      if (found) return found;
      await new Promise((done) => waiting.push(done));
    }
  })(), "a delivery");
  return { url: `http://127.0.0.1:${server.address().port}/hook`, deliveries, until, close: () => server.close() };
}

export async function register(url, scheme, types = ["user.created"]) {
  const response = await fetch(`${base}/webhooks/endpoints`, { method: "POST", headers: json, body: JSON.stringify({ url, types, scheme }) });
  if (response.status !== 201) throw new Error(`registering answered ${response.status}: ${await response.text()}`);
  return { ...(await response.json()), location: response.headers.get("location") };
}

export const unregister = (endpoint) => fetch(`${base}/webhooks/endpoints/${endpoint.id}`, { method: "DELETE", headers: json });
export const of = (user) => (delivery) => JSON.parse(delivery.body).data.id === user.id;
