import { expect, it } from "vitest";
import { appNames, type Installation } from "../harness/installation.ts";
import { expectProblem } from "../harness/problem.ts";

const misencoded = "must be percent-encoded UTF-8";

/** Texts that no app can take as they come: in a URL, in a form, in JSON. */
export function texts({ anyone, plain, staff }: Installation): void {
  const sendForm = (path: string, body: string) =>
    anyone.with({ "Content-Type": "application/x-www-form-urlencoded" }).post(path, Buffer.from(body));

  it("refuses a query that is not percent-encoded UTF-8, and names the parameter", async () => {
    for (const path of ["/health", ...["auth", ...appNames].map((app) => `/${app}/health`)]) {
      for (const bad of ["%FF", "a%C3", "%ED%A0%80", "%2", "1%0"]) {
        const { errors } = expectProblem(await anyone.get(`${path}?name=${bad}`), 400);
        expect(errors, path).toEqual([{ path: "name", message: misencoded }]);
      }
      expectProblem(await anyone.get(`${path}?name=a%00`), 400, "name");
    }
    const lists = ["/properties?q", "/ingest/loads?cursor", "/directory/users?name", "/queue/queues?cursor"];
    for (const list of [...lists, "/social/posts?search", "/auth/accounts?q", "/auth/authorize?client_id"]) {
      expectProblem(await staff.get(`${list}=%FF`), 400, list.split("?")[1]!);
    }
  });

  it("refuses a path that is not percent-encoded UTF-8", async () => {
    for (const path of ["/properties/%FF", "/directory/users/%FF", "/queue/queues/a%C3", "/social/posts/1%"]) {
      expect(expectProblem(await staff.get(path), 400).detail).toContain("percent-encoded UTF-8");
    }
  });

  it("refuses a form that is not percent-encoded UTF-8", async () => {
    for (const username of ["%FF", "a%C3", "1%0"]) {
      const form = `username=${username}&password=x&grant_type=password`;
      expectProblem(await sendForm("/social/login", form), 400, "username");
      for (const path of ["/auth/token", "/queue/login"]) {
        const refused = await sendForm(path, form);
        expect([refused.status, refused.json().error]).toEqual([400, "invalid_request"]);
        expect(refused.json().error_description).toBe(`username ${misencoded}.`);
      }
    }
  });

  it("refuses names of nothing that can be seen, and broken text, with a 422 that names the field", async () => {
    const property = { city: "Cali", price: 1, description: "", year: 2000, status: "en_venta" };
    const person = { lastName: "Ruiz", email: "nobody@example.com" };
    for (const text of ["", " ", "\t\u200b", "\u3164", "\u2800\ufe0f", "\u0301", "a\u0000", "a\ud83d"]) {
      expectProblem(await staff.post("/properties", { ...property, address: text }), 422, "address");
      expectProblem(await staff.post("/directory/users", { ...person, firstName: text }), 422, "firstName");
      expectProblem(await plain.post("/social/posts", { title: text, content: "Text" }), 422, "title");
      expectProblem(await plain.post("/social/posts", { title: "Title", content: text }), 422, "content");
      expectProblem(await plain.post("/auth/clients", { name: text, scope: "queue:read" }), 422, "name");
      const account = { username: text, email: "nobody@example.com", password: "correct horse battery" };
      expectProblem(await anyone.post("/auth/register", account), 422, "username");
    }
  });
}
