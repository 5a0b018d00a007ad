import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Identifies one process: a process id alone may be reused later. */
export type ProcessIdentity = { pid: number; started: string };

let bootId: string | undefined;

/** The identity of a running process, or null when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | null {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** True while exactly this process is running. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Linux: proc(5), /proc/<pid>/stat; the name in brackets may contain spaces and brackets. */
function fromProc(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === "Z" || state === "X") return null;
  // Ticks count from the boot, so the boot is part of the identity.
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return { pid, started: `${bootId}/${startTicks}` };
}

function fromPs(pid: number): ProcessIdentity | null {
  try {
    const line = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const [state, ...started] = line.split(/\s+/);
    if (!state || state.startsWith("Z")) return null;
    return { pid, started: started.join(" ") };
  } catch {
    return null;
  }
}
