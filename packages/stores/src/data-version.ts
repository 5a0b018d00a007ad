import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Engine, InstanceConfig } from "./engine.ts";
import { writePrivate } from "./private-file.ts";

const run = promisify(execFile);

/**
 * The version of a server program, such as `10.11.14`. Throws when the instance's data was written by a version that
 * this one cannot upgrade from: the program would report that in its log only, or damage the data.
 */
export async function checkVersion(
  engine: Engine,
  instance: InstanceConfig,
  programs: Record<string, string>,
): Promise<string> {
  const { program, comparedParts, readDataVersion } = engine.version;
  const { stdout } = await run(programs[program]!, ["--version"], { cwd: "/" });
  const version = firstVersion(stdout);
  if (!version) throw new Error(`${programs[program]} does not print its version: ${stdout.trim()}`);
  const data = join(instance.dir, "data");
  const recordedVersions = [
    firstVersion(await readFileOr(versionFile(instance), "")),
    firstVersion((await readDataVersion?.(data)) ?? ""),
  ];
  for (const each of recordedVersions) {
    if (!each) continue;
    const order = compare(parts(each, comparedParts), parts(version, comparedParts));
    if (order > 0 || (order < 0 && engine.version.exactMatch)) {
      throw new Error(
        `The data in ${data} was written by ${engine.title} ${each}, which ${version} on this machine cannot read. Install ${engine.title} ${parts(each, comparedParts).join(".")}, or restore a backup into another DATA_DIR`,
      );
    }
  }
  return version;
}

/** Records the version that runs on an instance's data. */
export async function recordVersion(instance: InstanceConfig, version: string): Promise<void> {
  if ((await readFileOr(versionFile(instance), "")).trim() !== version)
    await writePrivate(versionFile(instance), `${version}\n`);
}

function versionFile(instance: InstanceConfig): string {
  return join(instance.dir, "version");
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

/** The text of a file, or a default when the file does not exist. */
export async function readFileOr(file: string, fallback: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return fallback;
    throw error;
  }
}
