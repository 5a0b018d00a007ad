import { stat } from "node:fs/promises";

/** Whether two paths lead to the same folder; false when one does not exist. Throws when that cannot be determined. */
export async function isSameFolder(one: string, other: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true })));
    return a?.dev === b?.dev && a?.ino === b?.ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
