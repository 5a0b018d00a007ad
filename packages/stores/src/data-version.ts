import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Engine, Place } from "./engine.ts";
import { writePrivate } from "./private-file.ts";

const run = promisify(execFile);

/**
 * The version of a server program, such as `10.11.14`. Throws when the data in the place was written by a version that
 * this one cannot follow: the program would say so in its log only, or damage the data.
 */
export async function checkVersion(engine: Engine, place: Place, programs: Record<string, string>): Promise<string> {
  const { program, comparedParts, ofData } = engine.version;
  const { stdout } = await run(programs[program]!, ["--version"], { cwd: "/" });
  const version = firstVersion(stdout);
  if (!version) throw new Error(`${programs[program]} does not say its version: ${stdout.trim()}`);
  const data = join(place.dir, "data");
  const written = [firstVersion(await readOr(recordOf(place), "")), firstVersion((await ofData?.(data)) ?? "")];
  for (const each of written) {
    if (!each) continue;
    const order = compare(parts(each, comparedParts), parts(version, comparedParts));
    if (order > 0 || (order < 0 && engine.version.onlyEqual)) {
      throw new Error(
        `The data in ${data} is of ${engine.title} ${each}, which ${version} of this machine cannot read. Install ${engine.title} ${parts(each, comparedParts).join(".")}, or restore a backup into another DATA_DIR`,
      );
    }
  }
  return version;
}

/** Records that a version has run on the data of a place. */
export async function recordVersion(place: Place, version: string): Promise<void> {
  if ((await readOr(recordOf(place), "")).trim() !== version) await writePrivate(recordOf(place), `${version}\n`);
}

function recordOf(place: Place): string {
  return join(place.dir, "version");
}

function firstVersion(text: string): string | undefined {
  return /\d+(\.\d+)*/.exec(text)?.[0];
}

function parts(version: string, count: number): number[] {
  return version.split(".").slice(0, count).map(Number);
}

function compare(a: number[], b: number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The text of a file, or another when there is none. */
export async function readOr(file: string, otherwise: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}
