import { isatty } from "node:tty";

/** A terminal that is closed sends the signal by which others ask that the settings be read again; the one that is there decides. */
const isOnTerminal = () => [0, 1, 2].some(isatty);

/** The signals that ask this program to stop. */
export function stopSignals(): NodeJS.Signals[] {
  return isOnTerminal() ? ["SIGTERM", "SIGINT", "SIGHUP"] : ["SIGTERM", "SIGINT"];
}

/** Calls back whenever a signal asks that the settings be read again. */
export function onReloadSignals(reload: () => void): void {
  process.on("SIGUSR2", reload);
  if (!isOnTerminal()) process.on("SIGHUP", reload);
}
