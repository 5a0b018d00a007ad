import type { TestResponse } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formToken } from "../src/routes/form-tokens.ts";
import { type Installation, openDirectory, someone } from "./installation.ts";

let directory: Installation;
const browser = { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

beforeAll(async () => {
  directory = await openDirectory();
  await directory.deps.postgres`
    INSERT INTO directory.users (first_name, last_name, email, bio)
    SELECT 'Person', 'Numbered', 'n' || n || '@example.com', 'Number ' || n FROM generate_series(1, 40) AS n`;
});
afterAll(() => directory[Symbol.asyncDispose]());

const show = (path: string, headers: Record<string, string> = {}) =>
  directory.anyone("GET", path, undefined, { ...browser, ...headers });
const asStaff = (path: string) => directory.staff("GET", path, undefined, browser);
const send = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  directory.staff("POST", path, new URLSearchParams(fields), {
    ...browser,
    "Sec-Fetch-Site": "same-origin",
    ...headers,
  });

/** The hidden fields of a form. */
function hidden(response: TestResponse): Record<string, string> {
  const fields = response.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name ?? "", value ?? ""]));
}

async function add(fields: Record<string, unknown> = {}) {
  const input = someone(fields);
  const made = await directory.staff("POST", "/directory/users", input);
  return { path: made.headers.get("location") ?? "", input };
}

describe("pages for everybody", () => {
  it("begin with a landing page that says how many people there are", async () => {
    const landing = await show("/directory");
    expect(landing.text).toContain("40 people");
    expect(landing.headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(landing.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(landing.headers.get("referrer-policy")).toBe("same-origin");
    expect((await directory.anyone("GET", "/directory")).text).toContain("<!doctype html>");
    const data = await directory.anyone("GET", "/directory", undefined, { Accept: "application/json" });
    expect(JSON.parse(data.text)).toEqual({ users: 40 });
  });

  it("show numbered pages", async () => {
    const first = await show("/directory/search?name=numbered&page_num=1");
    expect(first.text.match(/<tr>/g)).toHaveLength(16);
    expect(first.text).toContain("40 people found for “numbered”");
    expect(first.text).toContain('href="/directory/search?name=numbered&amp;page_num=3"');
    expect(first.text).toContain('rel="next"');
    const third = await show("/directory/search?name=numbered&page_num=3");
    expect(third.text.match(/<tr>/g)).toHaveLength(11);
    expect(third.text).not.toContain('rel="next"');
    const beyond = (await show("/directory/search?name=numbered&page_num=4")).text;
    expect(beyond).toContain("There is no page 4");
    const [, toLast] = beyond.match(/<a href="([^"]+)">to the last one/) ?? [];
    expect((await show(toLast?.replaceAll("&amp;", "&") ?? "")).text).toContain("<table>");
    expect((await show("/directory/search")).text).toContain("40 people");
  });

  it("are the same URLs as the API's", async () => {
    const { path } = await add({ lastName: "Double" });
    const page = await show(path);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("vary")).toMatch(/accept/i);
    expect(page.headers.get("etag")).not.toBe((await directory.anyone("GET", path)).headers.get("etag"));
    const list = await show("/directory/users?name=numbered&limit=5");
    expect(list.text).toContain('href="/directory/users?name=numbered&amp;page=2&amp;limit=5"');
    const data = await show("/directory/search?name=double", { Accept: "application/json" });
    expect(JSON.parse(data.text).total).toBe(1);
    const { nextCursor } = JSON.parse((await directory.anyone("GET", "/directory/users?limit=5")).text);
    expect((await show(`/directory/users?limit=5&cursor=${nextCursor}`)).text).toContain("Previous");
  });

  it("escape what people are called", async () => {
    const { path } = await add({ firstName: '<script>alert("1")</script>', lastName: "Escaped", bio: "</td><b>" });
    for (const page of [
      await show(path),
      await show("/directory/search?name=escaped"),
      await asStaff(`${path}/edit`),
    ]) {
      expect(page.text).toContain("&lt;script&gt;alert(&quot;1&quot;)");
      expect(page.text).not.toMatch(/<script>|<\/td><b>/);
    }
    const asked = await show(`/directory/search?name=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(asked.text).not.toContain("<script>alert");
  });

  it("show no email to the public, and are asked for again each time", async () => {
    const { path, input } = await add({ lastName: "Private" });
    const open = await show(path);
    expect(open.text).not.toContain(input.email);
    expect(open.headers.get("cache-control")).toBe("public, max-age=0, must-revalidate");
    const tag = open.headers.get("etag") ?? "";
    expect((await show(path, { "If-None-Match": tag })).status).toBe(304);
    const known = await asStaff(path);
    expect(known.text).toContain(input.email);
    expect(known.headers.get("cache-control")).toContain("private");
  });

  it("show problems to browsers as pages, to others as they are", async () => {
    const missing = await show("/directory/users/999999999");
    expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
    expect(missing.text).toContain("User 999999999 not found");
    expect((await show("/directory/search?page_num=0")).status).toBe(400);
    expect((await show("/directory/nowhere")).status).toBe(404);
    expect((await directory.anyone("GET", "/directory/users/999999999")).text).toContain('"requestId"');
  });

  it("send a browser to the sign-in page, with the way back", async () => {
    const sent = await show("/directory/users/new");
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/auth/sign-in?next=%2Fdirectory%2Fusers%2Fnew"]);
    expect((await show("/directory/search?name=a")).text).toContain(
      "/auth/sign-in?next=%2Fdirectory%2Fsearch%3Fname%3Da",
    );
    expect((await asStaff("/directory/search?name=a")).text).toContain("</span>staff</a>");
    const headers = { Authorization: "Basic eDp5" };
    const wrong = await show("/directory/users/new", headers);
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="quintet", charset="UTF-8"',
    ]);
    expect((await directory.plain("GET", "/directory/users/new", undefined, browser)).status).toBe(403);
  });

  it("bring their own styles and scripts, to be kept for good", async () => {
    const page = await show("/directory/search");
    const links = [...page.text.matchAll(/(?:src|href)="(\/directory\/assets\/[^"]+)"/g)].map(([, link]) => link ?? "");
    expect(new Set(links.map((link) => link.split(".").at(-1)))).toEqual(new Set(["svg", "css", "js"]));
    for (const link of links) {
      const asset = await directory.anyone("GET", link);
      expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    }
    expect((await directory.anyone("GET", "/directory/assets/style-000000000000.css")).status).toBe(404);
  });
});

describe("pages for those who may", () => {
  it("show what staff can do to staff alone", async () => {
    const { path } = await add({ lastName: "Shown" });
    const asPlain = (path: string) => directory.plain("GET", path, undefined, browser);
    for (const [page, staffOnly] of [
      ["/directory", "Add a person"],
      ["/directory/search", "Add a person"],
      [path, `href="${path}/edit"`],
      [path, `href="${path}/delete"`],
    ] as const) {
      expect((await asStaff(page)).text).toContain(staffOnly);
      expect((await asPlain(page)).text).not.toContain(staffOnly);
      expect((await show(page)).text).not.toContain(staffOnly);
    }
  });

  it("say once that something was saved", async () => {
    const { path, input } = await add({ lastName: "Noticed" });
    const done = await send(`${path}/edit`, {
      ...(input as Record<string, string>),
      ...hidden(await asStaff(`${path}/edit`)),
    });
    const cookie = done.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    const next = await show(path, { Cookie: cookie });
    expect(next.text).toContain('<div class="done" role="status"><p>Saved.</p></div>');
    expect(next.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await show(path)).text).not.toContain("Saved.");
  });
});

describe("forms", () => {
  const typed = { firstName: "Zoë", lastName: "Formed", email: "zoe.formed@example.com", bio: "Typed." };

  it("add a person", async () => {
    const form = await asStaff("/directory/users/new");
    expect(form.headers.get("cache-control")).toBe("no-store");
    const done = await send("/directory/users/new", { ...typed, ...hidden(form) });
    expect(done.status).toBe(303);
    expect((await show(done.headers.get("location") ?? "")).text).toContain("Typed.");
    expect((await show("/directory/search?name=formed")).text).toContain("1 person found");
  });

  it("keep what was typed and say at each field what is wrong", async () => {
    const form = await asStaff("/directory/users/new");
    const again = await send("/directory/users/new", { ...typed, firstName: " ", email: '"<x>', ...hidden(form) });
    expect(again.status).toBe(422);
    expect(again.text).toContain('aria-describedby="firstName-fault"');
    expect(again.text).toContain('id="email-fault">must be an email address');
    expect(again.text).toContain('value="&quot;&lt;x&gt;"');
    expect(again.text).toContain("Typed.");
    expect(again.text).not.toContain('id="lastName-fault"');
    const { input } = await add();
    const taken = await send("/directory/users/new", { ...typed, email: String(input.email), ...hidden(form) });
    expect([taken.status, taken.text.includes("belongs to another user")]).toEqual([409, true]);
  });

  it("change a person, and show what somebody else has changed meanwhile", async () => {
    const { path, input } = await add({ lastName: "Edited" });
    const form = await asStaff(`${path}/edit`);
    const fields = { ...(input as typeof typed), ...hidden(form) };
    await directory.staff("PATCH", path, { bio: "From elsewhere." }, { "If-Match": "*" });
    const overtaken = await send(`${path}/edit`, { ...fields, bio: "From the form." });
    expect(overtaken.status).toBe(412);
    expect(overtaken.text).toContain("From elsewhere.");
    expect(overtaken.text).toContain("From the form.");
    const done = await send(`${path}/edit`, { ...fields, bio: "From the form.", ...hidden(overtaken) });
    expect([done.status, done.headers.get("location")]).toEqual([303, path]);
    expect(JSON.parse((await directory.anyone("GET", path)).text).bio).toBe("From the form.");
    const faulty = await send(`${path}/edit`, { ...fields, lastName: "" });
    expect([faulty.status, faulty.text.includes("From the form.")]).toEqual([422, false]);
  });

  it("remove a person after a question, but not one who was changed meanwhile", async () => {
    const { path } = await add({ lastName: "Removed" });
    const question = await asStaff(`${path}/delete`);
    await directory.staff("PATCH", path, { bio: "x" }, { "If-Match": "*" });
    const overtaken = await send(`${path}/delete`, hidden(question));
    expect(overtaken.status).toBe(412);
    expect((await send(`${path}/delete`, hidden(overtaken))).status).toBe(303);
    expect((await show(path)).status).toBe(404);
    expect((await asStaff(`${path}/delete`)).status).toBe(404);
  });

  it("are refused from another site, and without a token of their own", async () => {
    const { path } = await add({ lastName: "Guarded" });
    const mine = hidden(await asStaff(`${path}/delete`));
    const key = directory.deps.formKey;
    const account = directory.account.account.id;
    const user = Number(path.split("/").at(-1));
    const tokens = {
      none: "",
      garbage: "1.x",
      "of another form": formToken(key, { account, action: "edit", user }),
      "of another user": formToken(key, { account, action: "delete", user: user + 1 }),
      "of another account": formToken(key, { account: account + 1, action: "delete", user }),
      "of another key": formToken(Buffer.alloc(32), { account, action: "delete", user }),
    };
    for (const token of Object.values(tokens)) {
      expect((await send(`${path}/delete`, { ...mine, token })).status).toBe(403);
    }
    const foreign: Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
    ];
    for (const headers of foreign) expect((await send(`${path}/delete`, mine, headers)).status).toBe(403);
    const from = (origin: string) =>
      directory.staff("POST", `${path}/delete`, new URLSearchParams(mine), { Origin: origin, Host: "evil.example" });
    for (const origin of ["http://evil.example", "https://evil.example", "null"]) {
      expect((await from(origin)).status).toBe(403);
    }
    expect((await show(path)).status).toBe(200);
    const old = formToken(key, { account, action: "delete", user }, Date.now() - 3 * 3600_000);
    const expired = await send(`${path}/delete`, { ...mine, token: old });
    expect([expired.status, expired.text.includes("open for too long")]).toEqual([412, true]);
    expect((await from(directory.deps.auth.site.url)).status).toBe(303);
  });

  it("refuse unknown, missing and foreign input", async () => {
    const token = hidden(await asStaff("/directory/users/new"));
    expect((await send("/directory/users/new", { ...typed, ...token, x: "1" })).status).toBe(422);
    expect((await send("/directory/users/new", token)).status).toBe(422);
    expect((await send("/directory/users/new?x=1", { ...typed, ...token })).status).toBe(400);
    expect((await directory.staff("POST", "/directory/users/new", {})).status).toBe(415);
    expect((await directory.anyone("POST", "/directory/users/new?x=1", {})).status).toBe(401);
  });
});
