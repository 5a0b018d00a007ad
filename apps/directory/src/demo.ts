import { bios } from "./demo/bios.ts";
import { nameGroups } from "./demo/cultures.ts";
import { insertDemoUsers, prepareDemo, tidyUp } from "./demo/fill-queries.ts";
import type { Deps } from "./deps.ts";

const chunk = 20_000;

/**
 * Creates `demoUsers` users when the directory is empty: always the same ones, in one transaction, so that an interruption leaves
 * nothing behind. Requests are served meanwhile. `progress` receives a line from time to time.
 */
export async function fillDemo(
  { bulk, demoUsers }: Pick<Deps, "bulk" | "demoUsers">,
  progress: (line: string) => void,
): Promise<void> {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const count = demoUsers.toLocaleString("en");
  const filled = await bulk.begin(async (tx) => {
    if (!(await prepareDemo(tx, nameGroups()))) return false;
    progress(
      `Directory: creating ${count} users, about ${Math.ceil(demoUsers / 25_000)} s; requests are served meanwhile`,
    );
    for (let from = 1, tenths = 0; from <= demoUsers; from += chunk) {
      const to = Math.min(from + chunk - 1, demoUsers);
      await insertDemoUsers(tx, from, to, bios);
      const reached = Math.floor((to * 4) / demoUsers);
      if (reached > tenths && reached < 4) progress(`Directory: ${reached * 25} % of the users after ${seconds()} s`);
      tenths = reached;
    }
    await tx`SELECT directory.recount_names()`;
    return true;
  });
  if (!filled) return;
  await tidyUp(bulk);
  progress(`Directory: ${count} users created in ${seconds()} s`);
}
