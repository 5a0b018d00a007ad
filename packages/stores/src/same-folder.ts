import { stat } from "node:fs/promises";

/** Whether two paths lead to one folder; a path that leads nowhere does not. Throws when that cannot be looked up. */
export async function isSameFolder(one: string, other: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true })));
    return a?.dev === b?.dev && a?.ino === b?.ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
