/**
 * `npm run screenshots`: takes the pictures of README.md from a running Quintet with demo data, into docs/screenshots/.
 * It signs in as the admin of `npm start`, or as ADMIN_USERNAME and ADMIN_PASSWORD, at QUINTET_URL.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launchBrowser } from "../packages/pages/src/testing.ts";
import { loadSecrets } from "../packages/stores/src/index.ts";
import { findTool } from "../packages/stores/src/testing.ts";
import { readEnvironment } from "./environment.ts";

const { root, env, dataDir } = readEnvironment();
const url = (env.QUINTET_URL ?? "http://localhost:8080").replace(/\/$/, "");
const { env: kept } = await loadSecrets(dataDir);
const username = env.ADMIN_USERNAME ?? kept.ADMIN_USERNAME ?? "admin";
const password = env.ADMIN_PASSWORD ?? kept.ADMIN_PASSWORD;
if (!password) throw new Error(`No password of an admin: start Quintet by "npm start", or set ADMIN_PASSWORD`);

const folder = join(root, "docs/screenshots");
await mkdir(folder, { recursive: true });
const browser = await launchBrowser(await findTool("chromium", process.env, console.log));
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  const page = await context.newPage();
  const shoot = async (name: string) => {
    await page.screenshot({ path: join(folder, `${name}.png`) });
    console.log(join("docs/screenshots", `${name}.png`));
  };

  await page.goto(`${url}/auth/sign-in?next=/`);
  await page.getByLabel("Username or email").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${url}/`);
  await shoot("home");

  await page.goto(`${url}/directory/search?name=ann+sm`);
  await page.locator("table tbody tr").first().waitFor();
  await shoot("directory");

  await page.goto(`${url}/properties?city=Cartagena&minPrice=500000000`);
  await page.locator(".map-pin").first().waitFor();
  await page.locator("h1").evaluate((heading) => heading.scrollIntoView());
  await shoot("properties");

  await page.goto(`${url}/docs`);
  await page.getByRole("searchbox").fill("queues messages");
  await page.locator(".opblock-summary-control").first().click();
  await page.locator(".opblock.is-open").waitFor();
  await page.locator(".filter").evaluate((filter) => filter.scrollIntoView());
  await shoot("docs");
} finally {
  await browser.close();
}
