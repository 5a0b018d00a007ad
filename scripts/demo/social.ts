import { randomBytes } from "node:crypto";
import { must, type Visitor } from "./visitor.ts";

/** Registers an account, writes a post and votes; the post is deleted again, the account stays. */
export async function social(anyone: Visitor, admin: Visitor): Promise<void> {
  const email = `demo-${randomBytes(4).toString("hex")}@example.com`;
  const password = randomBytes(12).toString("base64url");
  await anyone.call("POST", "/social/users", { json: { email, password }, expect: [201] });
  await anyone.call("POST", "/social/login", { form: { username: email, password: "wrong" }, expect: [403] });
  await anyone.call("POST", "/social/login", { form: { username: email, password } });
  const member = await anyone.logIn(email, password);

  const draft = { title: "Hello from the demo", content: "One account works in every app." };
  const created = await member.call("POST", "/social/posts", { json: draft, expect: [201] });
  const { id } = created.json<{ id: number }>();
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await member.call("DELETE", `/social/posts/${id}`, { expect: [204] });
  });
  await admin.call("DELETE", `/social/posts/${id}`, { expect: [403] });
  await admin.call("POST", "/social/vote", { json: { postId: id, dir: 1 }, expect: [201] });
  await admin.call("POST", "/social/vote", { json: { postId: id, dir: 1 }, expect: [409] });
  const shown = (await member.call("GET", `/social/posts/${id}`)).json<{ votes: number }>();
  must(shown.votes === 1, "two votes of one account count once");
  await member.call("GET", "/social/posts?search=demo&limit=2");
  await admin.call("POST", "/social/vote", { json: { postId: id, dir: 0 }, expect: [201] });
}
