import { describe, expect, it, vi } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { peopleOf, unusualName } from "./people.ts";

/** The pages for a browser. */
export function pages(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  const { add } = peopleOf(quintet);

  describe("pages", () => {
    const browser = anyone.with({ Accept: "text/html,application/xhtml+xml" });
    /** Staff at a browser, which sends Basic credentials. */
    const desk = staff.basic.with(browser.headers);

    it("show a landing page and a table of found users, with text as text", async () => {
      const landing = await browser.get("/directory");
      expect(landing.status).toBe(200);
      expect(landing.headers["content-type"]).toContain("text/html");
      const { user } = await add({ firstName: "<b>Bo</b>", bio: "<script>alert(1)</script>" });
      const page = await browser.get("/directory/search", { name: user.lastName, page_num: 1 });
      expect(page.status).toBe(200);
      expect(page.text).toContain(user.lastName);
      expect(page.text).toContain("&lt;b&gt;Bo&lt;/b&gt;");
      expect(page.text).not.toContain("<script>alert");
      expect(page.text).not.toContain(user.email);
      const odd = await browser.get("/directory/search", { name: '"><script>alert(2)</script>' });
      expect(odd.text).not.toContain("<script>alert");
      for (const found of `${landing.text}${page.text}`.matchAll(/(?:src|href|action)="([^"]*)"/g)) {
        expect(found[1]).toMatch(/^([/?#]|data:)(?!\/)/);
      }
    });

    it("answer the same URLs as the API, for a browser", async () => {
      const { user } = await add();
      expect((await browser.get(`/directory/users/${user.id}`)).headers["content-type"]).toContain("text/html");
      expect((await browser.get(`/directory/users/${user.id}`)).headers.vary).toMatch(/accept/i);
    });

    it("let staff add, change and remove somebody by forms", async () => {
      const send = async (path: string, fields: Record<string, string>) => {
        const form = await desk.get(path);
        expect(form.status, form.text).toBe(200);
        const hidden = [...form.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
        const body = new URLSearchParams({
          ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])),
          ...fields,
        });
        return desk.post(path, body, { headers: { Origin: quintet.settings.PUBLIC_URL ?? "" } });
      };
      const fields = { firstName: "Bo", lastName: unusualName("F"), email: `${unusualName("f")}@example.com`, bio: "" };
      const refused = await send("/directory/users/new", { ...fields, email: "no address" });
      expect([refused.status, refused.text.includes(fields.lastName)]).toEqual([422, true]);
      const added = await send("/directory/users/new", fields);
      expect(added.status, added.text).toBe(303);
      const path = String(added.headers.location);
      const changed = await send(`${path}/edit`, { ...fields, bio: "Changed." });
      expect(changed.status, changed.text).toBe(303);
      expect((await plain.get(path)).json()).toMatchObject({ ...fields, bio: "Changed." });
      expect((await send(`${path}/delete`, {})).status).toBe(303);
      expect((await plain.get(path)).status).toBe(404);
    });

    it("send who is not signed in to the sign-in page and back, and take that sign-in until it ends", async () => {
      const path = "/directory/users/new";
      const cookies = new Map<string, string>();
      /** What a browser does: it keeps cookies, and says where it comes from. */
      const send = async (method: string, to: string, body?: URLSearchParams) => {
        const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await browser.send(method, to, body, {
          headers: { Cookie, Origin: quintet.settings.PUBLIC_URL ?? "" },
        });
        for (const line of answer.headers["set-cookie"] ?? []) {
          const [name = "", value = ""] = line.slice(0, line.indexOf(";")).split("=");
          if (value === "") cookies.delete(name);
          else cookies.set(name, value);
        }
        return answer;
      };
      expect((await send("GET", path)).headers.location).toBe(`/auth/sign-in?next=${encodeURIComponent(path)}`);
      const { username, password } = staff;
      const signedIn = await send("POST", "/auth/sign-in", new URLSearchParams({ username, password, next: path }));
      expect([signedIn.status, signedIn.headers.location]).toEqual([303, path]);
      const form = await send("GET", path);
      expect([form.status, form.text.includes(`${username}</a>`)]).toEqual([200, true]);

      const access = [...cookies.keys()].find((name) => name.endsWith("quintet-access")) ?? ""; // Its prefix is that of TLS.
      cookies.delete(access); // It has run out while the form was filled in.
      const token = /name="token" value="([^"]*)"/.exec(form.text)?.[1] ?? "";
      const lastName = unusualName("C");
      const body = new URLSearchParams({ firstName: "Co", lastName, email: `${lastName}@example.com`, bio: "", token });
      const renewal = await send("POST", path, body);
      expect([renewal.status, renewal.headers.location]).toEqual([307, `/auth/renew?next=${encodeURIComponent(path)}`]);
      const back = await send("POST", String(renewal.headers.location), body);
      expect([back.status, back.headers.location]).toEqual([307, path]);
      const added = await send("POST", path, body);
      expect([added.status, added.headers.location]).toEqual([303, expect.stringMatching(/^\/directory\/users\/\d+$/)]);
      expect((await send("GET", String(added.headers.location))).text).toContain(`${lastName}@example.com`);

      const held = cookies.get(access) ?? "";
      expect((await send("POST", "/auth/sign-out", new URLSearchParams())).status).toBe(303);
      const after = async () => browser.with({ Cookie: `${access}=${held}` }).get(path);
      await vi.waitFor(async () => expect((await after()).status).toBe(303), { timeout: 2000, interval: 50 });
    });

    it("change nothing for who has no login, is not staff, comes from another site or made the form up", async () => {
      const { user } = await add();
      const path = `/directory/users/${user.id}`;
      const form = new URLSearchParams({
        firstName: "x",
        lastName: "y",
        email: "z@example.com",
        token: "1.x",
        version: "1",
      });
      const own = { headers: { Origin: quintet.settings.PUBLIC_URL ?? "" } };
      const answers = [
        await browser.post(`${path}/edit`, form, own),
        await plain.with(browser.headers).post(`${path}/edit`, form, own),
        await desk.post(`${path}/edit`, form, { headers: { Origin: "https://evil.example" } }),
        await desk.post(`${path}/edit`, form, { headers: { "Sec-Fetch-Site": "cross-site" } }),
        await desk.post(`${path}/edit`, form, own),
      ];
      expect(answers.map(({ status }) => status)).toEqual([401, 403, 403, 403, 403]);
      expect((await plain.get(path)).json()).toEqual(user);
    });
  });
}
