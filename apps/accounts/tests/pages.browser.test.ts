import { createServer } from "node:http";
import { axeFaults, launchBrowser } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { password } from "./issuer-for-tests.ts";
import { type ListeningIssuer, listeningIssuer } from "./listening-issuer.ts";

const installMinutes = 10;
let quintet: ListeningIssuer;
let browser: Browser;
/** A client's own page, to which people come back. */
const client = createServer((_request, response) => response.end("Back at the client"));
let redirectUri: string;

beforeAll(async () => {
  quintet = await listeningIssuer();
  await quintet.issuer.auth.createFirstStaff("chief", password);
  await new Promise<void>((resolve) => client.listen(0, "127.0.0.1", resolve));
  const address = client.address();
  redirectUri = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/cb`;
  browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
}, installMinutes * 60_000);
afterAll(async () => {
  await browser?.close();
  client.close();
  await quintet?.[Symbol.asyncDispose]();
});

/** A page in a browser of its own; what it complains of, but for refused forms, fails the test at `closed`. */
async function open(options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const isRefusal = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
    if (message.type() === "error" && !isRefusal) complaints.push(message.text());
  });
  return { context, page, complaints, go: (path: string) => page.goto(quintet.origin + path) };
}

async function closed({ context, complaints }: { context: BrowserContext; complaints: string[] }): Promise<void> {
  await context.close();
  expect(complaints).toEqual([]);
}

const consentPath = (clientId: string) =>
  `/auth/authorize?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "queue:send",
    state: "s",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  })}`;
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
async function signIn(page: Page, name: string, secret = password): Promise<void> {
  await page.getByLabel("Username or email").fill(name);
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe.each([true, false])("with JavaScript: %s", { timeout: 90_000 }, (javaScriptEnabled) => {
  const name = javaScriptEnabled ? "jana" : "plain-jana";

  test("somebody registers, makes an API client, lets it act, ends a sign-in, changes the password and signs out", async () => {
    const opened = await open({ javaScriptEnabled });
    const { page, go } = opened;
    await go("/auth/account");
    await heading(page, "Sign in");
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("Username").fill("ana");
    await page.getByLabel("Email").fill(`${name}@example.com`);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").getByRole("link", { name: "Username" }).click();
    expect(await page.getByLabel("Username").inputValue()).toBe("ana");
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    await page.getByLabel("Username").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("status").filter({ hasText: "Account created." }).waitFor();
    await heading(page, "My account");

    await page.getByRole("link", { name: "Register an API client" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Nightly <export>");
    await page.getByLabel("Redirect addresses").fill(redirectUri);
    await page.getByLabel("Send messages").check();
    // The access token runs out while the form is filled in: it is renewed, and the form goes on as it was.
    await opened.context.clearCookies({ name: "quintet-access" });
    await page.getByRole("button", { name: "Register" }).click();
    expect(await page.locator("code.secret").textContent()).toMatch(/^[\w-]{43}$/);
    const id = await page.locator("dd code").first().textContent();

    await go(consentPath(id ?? ""));
    await heading(page, "Let Nightly <export> use your account?");
    await page.getByText("send messages").waitFor();
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.getByText("Back at the client").waitFor();
    expect(new URL(page.url()).searchParams.get("code")).toMatch(/^[\w-]{43}$/);

    const other = await quintet.issuer.auth.passwordGrant(name, password);
    await go("/auth/account");
    const own = page.getByRole("row", { name: "this one" });
    expect(await own.textContent()).toMatch(/Chrome \d+ on Linux.*127\.0\.0\.1.*UTC/s);
    const row = page.getByRole("row", { name: "Program with your password" });
    await row.getByRole("button", { name: /^End/ }).click();
    await page.getByText("Session ended.").waitFor();
    expect(await quintet.issuer.auth.verifyToken(other?.access_token ?? "")).toBeUndefined();

    await page.getByLabel("Current password").fill("wrong");
    await page.getByLabel("New password").fill("another horse battery");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("alert").getByText("is wrong").waitFor();
    await page.getByLabel("Current password").fill(password);
    await page.getByLabel("New password").fill("another horse battery");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Password changed.").waitFor();

    await page.getByRole("link", { name: "Nightly <export>" }).click();
    await page.getByRole("button", { name: "Remove Nightly <export>" }).click();
    await page.getByText("API client deleted.").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    expect(await opened.context.cookies()).toEqual([]);
    await go("/auth/account");
    await heading(page, "Sign in");
    await closed(opened);
  });

  test("staff finds an account, deactivates it, activates it again, ends its sign-ins and reads about it", async () => {
    const victim = `victim-of-${name}`;
    await quintet.issuer.register(victim);
    const tokens = await quintet.issuer.auth.passwordGrant(victim, password);
    const opened = await open({ javaScriptEnabled });
    const { page, go } = opened;
    await go("/auth/staff/accounts");
    await signIn(page, "chief");
    await heading(page, "All accounts");
    await page.getByLabel("Username or email").fill(`${victim}@EX`);
    await page.getByRole("button", { name: "Find" }).click();
    await page.getByRole("link", { name: victim }).click();
    await heading(page, victim);
    await page.getByRole("button", { name: "Deactivate" }).click();
    await page.getByText("The account is deactivated.").waitFor();
    expect(await quintet.issuer.auth.verifyToken(tokens?.access_token ?? "")).toBeUndefined();
    expect(await quintet.issuer.auth.passwordGrant(victim, password)).toBeUndefined();
    await page.getByRole("button", { name: "Activate again" }).click();
    await page.getByText("The account may sign in again.").waitFor();
    const again = await quintet.issuer.auth.passwordGrant(victim, password);
    await page.getByRole("button", { name: "End all sessions" }).click();
    await page.getByText("All sign-ins and tokens of the account have ended.").waitFor();
    expect(await quintet.issuer.auth.verifyToken(again?.access_token ?? "")).toBeUndefined();
    for (const what of ["Deactivated", "Activated again", "Ended all sessions", "Created the account"]) {
      await page.getByRole("cell", { name: what }).waitFor();
    }
    await page.getByRole("link", { name: "All entries in the audit log" }).click();
    await heading(page, "Audit log");
    await page.getByText(`Only what was done to ${victim}.`).waitFor();
    await page.getByLabel("What").selectOption("deactivated");
    await page.getByRole("button", { name: "Show" }).click();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("row").getByRole("link", { name: "chief" }).click();
    await page.getByText("This is your own account").waitFor();
    await closed(opened);
  });
});

test.each([
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 390 },
] as const)(
  "every page in $colorScheme fits $width pixels, and axe finds nothing",
  { timeout: 180_000 },
  async (look) => {
    const { colorScheme, width } = look;
    const { id } = await quintet.register({
      name: "Backup of everything that the queue has",
      scope: "queue:send queue:receive account:read",
      redirectUris: [redirectUri],
    });
    const opened = await open({ colorScheme, viewport: { width, height: 900 } });
    const { page, go } = opened;
    const seen: string[] = [];
    const lookAt = async (name: string) => {
      seen.push(name);
      expect(
        await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"),
        name,
      ).toBeLessThanOrEqual(0);
      expect(await page.locator("main h1").count(), name).toBe(1);
      expect(await axeFaults(page), name).toEqual([]);
    };
    await go("/auth/sign-up");
    await lookAt("sign-up");
    await page.getByLabel("Username").fill("a b");
    await page.getByLabel("Email").fill("nobody@local");
    await page.getByLabel("Password").fill("12345678");
    await page.getByRole("button", { name: "Create account" }).click();
    await lookAt("sign-up-refused");
    await go("/auth/staff/accounts");
    await lookAt("sign-in");
    await signIn(page, "chief", "wrong");
    await lookAt("sign-in-refused");
    await signIn(page, "chief");
    await lookAt("accounts");
    await page.getByRole("link", { name: "owner", exact: true }).click();
    await lookAt("account-for-staff");
    await go("/auth/staff/audit");
    await lookAt("audit");
    await go("/auth/staff/accounts?q=nobody-of-this-name");
    await lookAt("accounts-none");
    await go("/auth/sign-in?next=/auth/staff/audit");
    await lookAt("signed-in");
    await go(consentPath(id).replace("queue%3Asend", "queue%3Asend+account%3Aread"));
    await lookAt("consent");
    await go("/auth/account");
    await lookAt("my-account");
    await page.getByRole("link", { name: "Register an API client" }).click();
    await lookAt("new-client");
    await page.getByLabel("Name", { exact: true }).fill("Export");
    await page.getByLabel("Redirect addresses").fill("http://not-here.example/");
    await page.getByRole("button", { name: "Register" }).click();
    await lookAt("new-client-refused");
    await page.getByLabel("Redirect addresses").fill("https://app.example/cb");
    await page.getByLabel("Read the account's name and email").check();
    await page.getByRole("button", { name: "Register" }).click();
    await lookAt("client-made");
    await go("/auth/nowhere");
    await lookAt("problem");
    await go("/auth/forgotten");
    await lookAt("forgotten");
    await go("/auth/new-password?token=stale");
    await lookAt("new-password-stale");
    const owner = await quintet.issuer.auth.verifyPassword("owner", password);
    const Authorization = `Basic ${Buffer.from(`chief:${password}`).toString("base64")}`;
    const link = await quintet.issuer.send("POST", `/auth/accounts/${owner?.id}/reset-link`, undefined, {
      Authorization,
    });
    await page.goto(((await link.json()) as { url: string }).url);
    await page.getByLabel("New password").fill("short");
    await lookAt("new-password");
    await go("/auth/account/clients/new");
    await page.getByLabel("Name", { exact: true }).fill("Typed too late");
    await page.getByLabel("Everything that the account may do").check();
    await opened.context.clearCookies();
    await page.getByRole("button", { name: "Register" }).click();
    await lookAt("too-late");
    expect(seen).toHaveLength(19);
    await closed(opened);
  },
);
