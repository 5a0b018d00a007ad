import { describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { peopleOf } from "./people.ts";

/** The pages for a browser. */
export function pages(quintet: Installation): void {
  const { anyone, plain } = quintet;
  const { add } = peopleOf(quintet);

  describe("pages", () => {
    const browser = anyone.with({ Accept: "text/html,application/xhtml+xml" });

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

    it("change nothing without a login", async () => {
      const { user } = await add();
      const form = new URLSearchParams({ firstName: "x", lastName: "y", email: "z@example.com", bio: "" });
      const answer = await browser.post(`/directory/users/${user.id}`, form, {
        headers: { Origin: "https://evil.example" },
      });
      expect(answer.status).toBeGreaterThanOrEqual(300);
      expect((await plain.get(`/directory/users/${user.id}`)).json()).toEqual(user);
    });
  });
}
