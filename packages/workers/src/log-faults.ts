import { type FromWorker, workerMark } from "./messages.ts";

/** A fault is over, and may be told again, when nobody has met it for so long. */
const overMs = 60_000;

/** Says a fault that lasts once, however often and by however many processes it is met. */
export function saidOnce(say: (line: string) => void): (line: string) => void {
  let metAt = Number.NEGATIVE_INFINITY;
  return (line) => {
    const now = performance.now();
    if (now - metAt > overMs) say(line);
    metAt = now;
  };
}

/** On the screen, since the log is what fails. */
const sayHere = saidOnce((line) => console.error(line));

/** Reports that the log cannot be written, a worker to its parent, which says it for all of them. */
export function reportLogFault(line: string): void {
  if (process.env[workerMark] && process.send) {
    if (process.connected) process.send({ kind: "logFault", line } satisfies FromWorker, () => {});
  } else sayHere(line);
}
