/** Below this a server is told to be short of files: fewer than the requests that the gateway has at work at once. */
const low = 4096;

/**
 * How many files, connections among them, this process may have open at once; undefined when there is no limit. Node has raised its own
 * soft limit to the hard one already, which only an administrator can raise.
 */
export function openFileLimit(): number | undefined {
  // Which would look up names.
  const report = Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | "unlimited" } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}

/** How many connections a server may take, so that files are left for its stores, its targets and its log. */
export function connectionLimit(files: number): number {
  return files - Math.min(256, Math.ceil(files / 2));
}

/** What there is to say of a low limit at a start. */
export function lowFileLimit(files = openFileLimit()): string | undefined {
  if (files === undefined || files >= low) return undefined;
  const connections = connectionLimit(files);
  return `A process may have only ${files} files open here, enough for ${connections} connections to each worker; more are closed. Raise "ulimit -n" to ${low} or more before the start.`;
}
