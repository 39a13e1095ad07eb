// Calls that are wrong, one a line. The compiler has to find every one of them.
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { AppRouter } from "./app-router.js";

const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "http://127.0.0.1:1/trpc" })] });

export async function run(): Promise<void> {
  // @ts-expect-error a number is no id
  await trpc.users.getById.query({ id: 1 });
  // @ts-expect-error the input is required
  await trpc.users.getById.query();
  // @ts-expect-error a member is missing
  await trpc.users.create.mutate({ name: "Ada" });
  // @ts-expect-error a member is too many
  await trpc.users.create.mutate({ name: "Ada", email: "ada@example.org", age: 7 });
  // @ts-expect-error there is no such procedure
  await trpc.users.remove.mutate({ id: "1" });
  // @ts-expect-error a query is not mutated
  await trpc.posts.mutate();
  // @ts-expect-error a mutation is not queried
  await trpc.users.create.query({ name: "Ada", email: "ada@example.org" });
  // @ts-expect-error users have no age
  (await trpc.users.getById.query({ id: "1" })).age;
  // @ts-expect-error text is no number
  await trpc.posts.query({ limit: "5" });
  // @ts-expect-error the author's id is text
  (await trpc.posts.query()).map((post) => post.authorId * 2);
  // @ts-expect-error events of `ticks` hold their tick in `data`
  trpc.ticks.subscribe({}, { onData: (tick) => tick.n });
  // @ts-expect-error a subscription is not queried
  await trpc.ticks.query({});
  // @ts-expect-error there is no such code
  trpc.ticks.subscribe({}, { onError: (error) => error.data?.code === "NOT_FOUNT" });
}
