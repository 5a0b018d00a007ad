import { randomBytes } from "node:crypto";
import { must, type Visitor } from "./visitor.ts";

interface Page {
  users: { id: number }[];
  total: number;
  nextCursor: string | null;
}

/** Pages through users, searches them, and creates, changes and deletes one. */
export async function directory(anyone: Visitor, admin: Visitor): Promise<void> {
  let next: string | null = "";
  for (let page = 1; page <= 3 && next !== null; page++) {
    const cursor: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
    next = (await anyone.call("GET", `/directory/users?limit=2${cursor}`)).json<Page>().nextCursor;
  }
  await anyone.call("GET", "/directory/users?name=smi&limit=2");
  const found = await anyone.call("GET", "/directory/users?name=smi&limit=2");
  console.log(`  The repeated request was served from the cache: X-Cache is ${found.headers.get("x-cache")}.\n`);
  const etag = found.headers.get("etag") ?? "";
  await anyone.call("GET", "/directory/users?name=smi&limit=2", { headers: { "If-None-Match": etag }, expect: [304] });
  await anyone.call("GET", "/directory/suggest?name=mar");
  await anyone.call("GET", "/directory/search?name=mar&page_num=2", { headers: { Accept: "text/html" } });

  const email = `zoe-${randomBytes(4).toString("hex")}@example.com`;
  const someone = { firstName: "Zoë", lastName: "Demonstration", email, bio: "Here for a moment." };
  const created = await admin.call("POST", "/directory/users", { json: someone, expect: [201] });
  const path = `/directory/users/${created.json<{ id: number }>().id}`;
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await admin.call("DELETE", path, { expect: [204] });
    await anyone.call("GET", path, { expect: [404] });
  });
  const first = { "If-Match": created.headers.get("etag") ?? "" };
  await admin.call("PATCH", path, { json: { bio: "Still here." }, headers: first });
  await admin.call("PATCH", path, { json: { bio: "From an old page." }, headers: first, expect: [412] });
  const { users } = (await anyone.call("GET", "/directory/users?name=zoe%20demonstration")).json<Page>();
  must(users.length > 0, "a new user is found at once");
}
