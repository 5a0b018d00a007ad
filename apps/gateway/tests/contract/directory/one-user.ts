import { describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { unique } from "../../harness/values.ts";
import { peopleOf, unusualName } from "./people.ts";

/** One user, and that what is cached is never older than the last write. */
export function oneUser(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  const { add, idsOf, search } = peopleOf(quintet);

  describe("caching", () => {
    it("answers 304 for what the client has, and a write is seen by the next read", async () => {
      const { user } = await add();
      const query = { name: user.lastName };
      const first = await anyone.get("/directory/users", query);
      expect(first.headers.etag).toMatch(/^"[^"]+"$/);
      expect(first.headers["x-cache"]).toMatch(/^(HIT|MISS|STALE)$/);
      const again = await anyone.with({ "If-None-Match": String(first.headers.etag) }).get("/directory/users", query);
      expect([again.status, again.text]).toEqual([304, ""]);
      expect((await anyone.get("/directory/users", query)).headers["x-cache"]).toBe("HIT");

      const path = `/directory/users/${user.id}`;
      expect((await anyone.get(path)).json()).toMatchObject({ bio: user.bio });
      const { etag } = (await anyone.get(path)).headers;
      const changed = await staff.patch(path, { bio: "Likes coffee." }, { headers: { "If-Match": String(etag) } });
      expect(changed.status, changed.text).toBe(200);
      expect((await anyone.get(path)).json()).toMatchObject({ bio: "Likes coffee." });
      expect((await search(query)).users).toMatchObject([{ bio: "Likes coffee." }]);
      expect((await staff.delete(path)).status).toBe(204);
      expectProblem(await anyone.get(path), 404);
      expect((await search(query)).users).toEqual([]);
    });
  });

  describe("one user", () => {
    it("is made, changed and removed by staff only", async () => {
      const { user } = await add();
      const path = `/directory/users/${user.id}`;
      for (const [by, status] of [
        [anyone, 401],
        [plain, 403],
      ] as const) {
        expectProblem(await by.post("/directory/users", { unknown: 1 }), status);
        expectProblem(await by.patch(path, { bio: "x" }), status);
        expectProblem(await by.delete(path), status);
      }
      expect((await plain.get(path)).json()).toEqual(user);
    });

    it("is not changed by who has seen an older state", async () => {
      const { user, etag } = await add();
      const path = `/directory/users/${user.id}`;
      const headers = { "If-Match": etag };
      const first = await staff.patch(path, { bio: "First" }, { headers });
      expect(first.status, first.text).toBe(200);
      expect(first.headers.etag).not.toBe(etag);
      expectProblem(await staff.patch(path, { bio: "Second" }, { headers }), 412);
      expectProblem(await staff.delete(path, { headers }), 412);
      expect((await anyone.get(path)).json()).toMatchObject({ bio: "First" });
    });

    it("is 404 when it is not there", async () => {
      expectProblem(await anyone.get("/directory/users/999999999"), 404);
      expectProblem(await staff.patch("/directory/users/999999999", { bio: "x" }), 404);
      expectProblem(await staff.delete("/directory/users/999999999"), 404);
    });

    it.each([
      ["firstName", ""],
      ["firstName", "nul\u0000"],
      ["lastName", undefined],
      ["lastName", "x".repeat(10_000)],
      ["email", "no address"],
      ["bio", 1],
    ])("is refused when %s is %j", async (field, value) => {
      const body = { firstName: "Ana", lastName: "Diaz", email: `${unique("q")}@example.com`, bio: "", [field]: value };
      expectProblem(await staff.post("/directory/users", body), 422, field);
    });

    it("is made once for the same Idempotency-Key", async () => {
      const headers = { "Idempotency-Key": unique("key") };
      const body = { firstName: "Ana", lastName: unusualName("O"), email: `${unique("q")}@example.com`, bio: "" };
      const first = await staff.post("/directory/users", body, { headers });
      const again = await staff.post("/directory/users", body, { headers });
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expectProblem(await staff.post("/directory/users", { ...body, bio: "Other" }, { headers }), 422);
      expect(await idsOf({ name: body.lastName })).toHaveLength(1);
    });
  });
}
