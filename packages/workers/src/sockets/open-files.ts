/** A lower limit on open files is reported at the start; the default limit on the gateway's requests in flight is the same. */
const recommendedFiles = 4096;

/**
 * How many files, including connections, this process may have open at once; undefined without a limit. Node has already raised its own
 * soft limit to the hard limit, which only an administrator can raise.
 */
export function openFileLimit(): number | undefined {
  // Otherwise the report resolves host names.
  const report = Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | "unlimited" } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}

/** How many connections a server may accept, so that files remain for its stores, its targets and its log. */
export function connectionLimit(files: number): number {
  return files - Math.min(256, Math.ceil(files / 2));
}

/** A warning when the limit on open files is low. */
export function lowFileLimitWarning(files = openFileLimit()): string | undefined {
  if (files === undefined || files >= recommendedFiles) return undefined;
  const connections = connectionLimit(files);
  return `A process may have only ${files} files open here, enough for ${connections} connections to each worker; more are rejected. Raise "ulimit -n" to at least ${recommendedFiles} before the start.`;
}
