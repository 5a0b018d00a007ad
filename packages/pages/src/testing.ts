import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** A Chromium without a window, which asks nobody for anything of its own accord. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update"],
    ],
  });
}

/** A page of a site in a context of its own, and what the browser complains of: errors, dialogs, requests to other hosts. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** Disposing of the page throws when this is not empty. */
  complaints: string[];
}

/** Opens `path` of the site at `url`; with the access token of an account the browser is signed in. */
export async function openWatched(
  browser: Browser,
  { url, path, token }: { url: string; path: string; token?: string | undefined },
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  if (token !== undefined) {
    await context.addCookies([{ name: "quintet-access", value: token, url, httpOnly: true, sameSite: "Lax" }]);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => !request.url().startsWith(url) && complaints.push(request.url()));
  await page.goto(url + path);
  return {
    page,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
      if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join("; ")}`);
    },
  };
}

interface AxeResult {
  violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

let axe: Promise<string> | undefined;

/** What axe-core finds wrong with a page, of whatever weight: `serious color-contrast: a.button …`. */
export async function axeFaults(page: Page): Promise<string[]> {
  axe ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(await axe);
  const { violations } = await page.evaluate<AxeResult>("axe.run(document)");
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${impact} ${id}: ${target.join(" ")} ${failureSummary}`),
  );
}
