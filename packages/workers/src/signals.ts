import { isatty } from "node:tty";

/** SIGHUP means a closed terminal in a process that has one, and a request to reload in one that has none. */
const isOnTerminal = () => [0, 1, 2].some(isatty);

/** The signals that request a stop. */
export function stopSignals(): NodeJS.Signals[] {
  return isOnTerminal() ? ["SIGTERM", "SIGINT", "SIGHUP"] : ["SIGTERM", "SIGINT"];
}

/** Calls `reload` for each signal that requests that the settings be read again. */
export function onReloadSignals(reload: () => void): void {
  process.on("SIGUSR2", reload);
  if (!isOnTerminal()) process.on("SIGHUP", reload);
}
