// A program that is right: every type in it comes from the emitted router.
import { createTRPCClient, httpBatchLink, type TRPCClientErrorLike } from "@trpc/client";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter, NewUser, Post, Tick, User } from "./app-router.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const holds = <T extends true>(..._: T[]) => {};

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
holds<Same<Inputs["users"]["create"], NewUser>>();
holds<Same<Inputs["users"]["getById"], { id: string }>>();
holds<Same<Outputs["users"]["getById"], User>>();
holds<Same<Outputs["users"]["getById"], { createdAt: string; email: string; id: string; name: string }>>();
holds<Same<Outputs["posts"], Post[]>>();
holds<Same<Tick, { at: string; n: number }>>();

const trpc = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "http://127.0.0.1:1/trpc" })] });

export async function run(): Promise<void> {
  const user: User = await trpc.users.getById.query({ id: "1" });
  const made = await trpc.users.create.mutate({ name: user.name, email: user.email.toLowerCase() });
  const posts = await trpc.posts.query();
  const some = await trpc.posts.query({ limit: 5 });
  const ids: string[] = [made.id, ...posts.map((post) => post.authorId), ...some.map((post) => post.id)];
  ids.sort();
  trpc.ticks.subscribe({ count: 3, everyMs: 100 }, {
    onData: (tick) => {
      const id: string = tick.id;
      const n: number = tick.data.n;
      return `${id}${n}`;
    },
    onError: (error: TRPCClientErrorLike<AppRouter>) => {
      const issues: { path: (string | number)[]; message: string }[] | undefined = error.data?.issues;
      const status: number | undefined = error.data?.httpStatus;
      return [issues, status, error.data?.code === "UNAUTHORIZED"];
    },
  });
  trpc.ticks.subscribe(undefined, {});
  trpc.users.created.subscribe({ lastEventId: "7" }, { onData: (event) => event.data.createdAt });
  for await (const tick of trpc.ticks.subscribe({ count: 1 })) tick.data.at.length;
}
