// Runs a TypeScript program of this repository on a machine that may have an older Node and nothing else:
//   node scripts/bootstrap.mjs scripts/start.ts [argument...]
// Installs the packages first when they are missing or do not match pnpm-lock.yaml, then runs the program on the Node
// that is among them. Plain JavaScript without packages, for Node 20 and newer; never prompts.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, constants as osConstants, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const node = join(modules, "node/bin/node");
const marker = join(modules, ".quintet-installed");

process.stdout.on("error", () => {}); // A closed pipe is no reason to stop.

const [program, ...args] = process.argv.slice(2);
if (!program) throw new Error("Usage: node scripts/bootstrap.mjs program.ts [argument...]");
if (!isInstalled()) await withInstallLock(install);
await run(resolve(root, program), args);

function isInstalled() {
  return existsSync(node) && existsSync(marker) && readFileSync(marker, "utf8") === fingerprint();
}

/** Identifies the lockfile that was installed, and the platform. */
function fingerprint() {
  const lockfile = readFileSync(join(root, "pnpm-lock.yaml"));
  return `${createHash("sha256").update(lockfile).digest("hex")} ${process.platform} ${process.arch}\n`;
}

async function install() {
  if (isInstalled()) return; // Another process has just installed them.
  console.log("Installing packages; this takes a minute the first time");
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const home = usableHome();
  rmSync(marker, { force: true });
  const { code, output } = await collect(
    "npx",
    ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"],
    // CI: makes pnpm use its defaults instead of prompting.
    {
      npm_config_userconfig: join(homedir(), ".npmrc"),
      ...process.env,
      ...home.env,
      CI: "true",
      npm_config_fetch_retries: "1",
      npm_config_update_notifier: "false",
    },
  );
  home.remove();
  if (code === 0 && existsSync(node)) {
    writeFileSync(marker, fingerprint());
    return;
  }
  console.error(output.trimEnd());
  console.error(`\nInstalling packages failed (see above). It needs npx and access to the npm registry.`);
  process.exit(1);
}

/** npx and pnpm keep their caches below HOME; a temporary folder replaces a HOME that is not writable. */
function usableHome() {
  try {
    accessSync(`${homedir()}/.`, constants.W_OK);
    return { env: {}, remove() {} };
  } catch {
    const home = mkdtempSync(join(tmpdir(), "quintet-home-"));
    const env = { HOME: home, npm_config_cache: join(home, "npm"), XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
    return { env, remove: () => rmSync(home, { recursive: true, force: true }) };
  }
}

/** Runs `work` while holding the install lock of this repository. A lock left by a dead process is removed. */
async function withInstallLock(work) {
  const lock = join(tmpdir(), `quintet-install-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);
  for (let announced = false; !take(lock); ) {
    const holder = Number(readOr(lock, "0"));
    if (holder > 0 && !isRunning(holder)) {
      const stale = `${lock}.${process.pid}`;
      try {
        renameSync(lock, stale);
        rmSync(stale);
      } catch {
        // Another process was faster.
      }
      continue;
    }
    if (!announced) console.log("Waiting for another process that is installing packages");
    announced = true;
    await delay(200);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    process.once("exit", () => readOr(lock, "") === String(process.pid) && rmSync(lock, { force: true }));
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function collect(command, commandArgs, env) {
  return new Promise((done) => {
    const child = spawn(command, commandArgs, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", (error) => done({ code: 1, output: `${command}: ${error.message}` }));
    child.on("close", (code) => done({ code, output }));
  });
}

/** Runs the program with the same terminal and signals, and exits with its status. */
async function run(file, fileArgs) {
  const path = `${join(modules, ".bin")}:${dirname(node)}:${process.env.PATH ?? ""}`;
  // Node's compile cache: the next start loads the sources in three fifths of the time.
  const env = { NODE_COMPILE_CACHE: join(modules, ".compiled"), ...process.env, PATH: path };
  const child = spawn(node, [file, ...fileArgs], { stdio: "inherit", env });
  // A Ctrl-C reaches both processes, and npm sends it once more: only the first of a burst is passed on. The programs do the same.
  const last = new Map();
  const pass = (signal) => {
    const now = Date.now();
    if (now - (last.get(signal) ?? 0) > 500) child.kill(signal);
    last.set(signal, now);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, pass);
  if ("npm_lifecycle_event" in process.env) whenParentEnds(() => pass("SIGTERM"));
  child.on("error", (error) => {
    console.error(`${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + osConstants.signals[signal]));
}

/** npm may exit without signalling this process, for example on SIGHUP: its end then counts as a request to stop. */
function whenParentEnds(then) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    then();
  }, 300);
}
