import { createClient, ok } from "@quintet/client";
import { describe, expectTypeOf, it } from "vitest";

/** What `tsc` says of these calls is the test; none is sent. */
const { auth, directory, ingest, properties, queue, social } = createClient("http://quintet.test");
const unsent = (_calls: () => unknown) => {};

describe("the types of the client", () => {
  it("tell what each call answers", () => {
    unsent(async () => {
      const posts = await ok(social.posts.$get({ query: { limit: 5 } }));
      expectTypeOf(posts[0]?.post.owner.email).toEqualTypeOf<string | undefined>();
      const { queues, nextCursor } = await ok(queue.queues.$get());
      expectTypeOf(queues[0]?.counts.ready).toEqualTypeOf<number | undefined>();
      expectTypeOf(nextCursor).toEqualTypeOf<string | null>();
      const { users } = await ok(directory.users.$get({ query: { name: "smi" } }));
      expectTypeOf(users[0]?.email).toEqualTypeOf<string | undefined>();
      const { status } = await ok(properties[":id"].$get({ param: { id: 1 } }));
      expectTypeOf(status).toEqualTypeOf<string | null>();
      expectTypeOf(await ok(social.posts[":id"].$delete({ param: { id: 1 } }))).toEqualTypeOf<undefined>();
      expectTypeOf((await ok(auth.me.$get())).isStaff).toEqualTypeOf<boolean>();
      expectTypeOf((await ok(auth.clients.$get())).clients[0]?.scope).toEqualTypeOf<string | undefined>();
      expectTypeOf(await ok(ingest.health.$get())).toHaveProperty("checks");
    });
  });

  it("tell answers apart by their status", () => {
    unsent(async () => {
      const answer = await social.posts[":id"].$get({ param: { id: 1 } });
      if (answer.status === 200) expectTypeOf((await answer.json()).votes).toEqualTypeOf<number>();
      if (answer.status === 404) expectTypeOf((await answer.json()).detail).toEqualTypeOf<string>();
    });
  });

  it("refuse what a call does not take", () => {
    unsent(async () => {
      // @ts-expect-error a field that is missing
      void social.posts.$post({ json: { title: "x" } });
      // @ts-expect-error a value of another kind
      void social.vote.$post({ json: { postId: 1, dir: 2 } });
      // @ts-expect-error a parameter that there is not
      void directory.users.$get({ query: { nmae: "smi" } });
      // @ts-expect-error a parameter of the path that is missing
      void properties[":id"].$get();
      // @ts-expect-error a call that there is not
      queue.queues.$post({ json: {} });
      // @ts-expect-error a form without its password
      void social.login.$post({ form: { username: "ana" } });
      // @ts-expect-error a status that no call has
      (await queue.count.$get()).status === 418;
      // @ts-expect-error a field that the answer has not
      (await ok(queue.count.$get())).total;
    });
  });
});
