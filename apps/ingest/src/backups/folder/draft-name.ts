import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type BackupName, readBackupName } from "../backup-name.ts";

const pattern = /^\.(.+\.avro)(?:\.json)?(?:\.([0-9a-f]{12})-(\d+)-(\d+)(?:-[0-9a-f]+)?)?\.draft$/;

/** The process that writes a draft: its host, PID and start time. */
export interface DraftOwner {
  host: string;
  pid: number;
  startedAt: string;
}

/** Identifies the running kernel and the PID namespace; a container has its own. */
function ownHost(): string {
  let space: string;
  try {
    space = readFileSync("/proc/sys/kernel/random/boot_id", "utf8") + readlinkSync("/proc/self/ns/pid");
  } catch {
    space = hostname();
  }
  return createHash("sha256").update(space).digest("hex").slice(0, 12);
}

/**
 * The start time of a process of this host, in ticks since boot (proc(5)); "0" where that is unknown, `undefined` when it is
 * dead.
 */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return "0";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "0" : undefined;
  }
}

let own: DraftOwner | undefined;

function ownerText(): string {
  own ??= { host: ownHost(), pid: process.pid, startedAt: startTimeOf(process.pid) ?? "0" };
  return `${own.host}-${own.pid}-${own.startedAt}`;
}

/** The path of a backup's file while this process writes it. */
export function draftPath(folder: string, { name }: BackupName): string {
  return join(folder, `.${name}.${ownerText()}.draft`);
}

/** A unique path for a new version of a sidecar; several processes may write one at the same time. */
export function sidecarDraftPath(folder: string, { name }: BackupName): string {
  return join(folder, `.${name}.json.${ownerText()}-${randomBytes(4).toString("hex")}.draft`);
}

/** Parses the name of a draft; `undefined` when it is not one. Drafts of earlier versions have no owner. */
export function readDraftName(file: string): { backup: BackupName; owner: DraftOwner | undefined } | undefined {
  const parts = pattern.exec(file);
  const backup = parts?.[1] === undefined ? undefined : readBackupName(parts[1]);
  if (!parts || !backup) return undefined;
  const [, , host, pid, startedAt] = parts;
  if (host === undefined || pid === undefined || startedAt === undefined) return { backup, owner: undefined };
  return { backup, owner: { host, pid: Number(pid), startedAt } };
}

/** Whether the process that writes a draft is alive; `undefined` for a process of another host. */
export function isOwnerAlive({ host, pid, startedAt }: DraftOwner): boolean | undefined {
  return host === ownHost() ? startTimeOf(pid) === startedAt : undefined;
}
