import { runProgram } from "@quintet/workers";
import type { AnyApp } from "./define-app.ts";
import type { Issuer } from "./issuer.ts";

/**
 * Runs an app as a program, by the settings in the environment: a parent and its workers. Only the workers load the app, and
 * only one that has no `AUTH_URL` loads the issuer.
 */
export function runApp(load: { app: () => Promise<AnyApp>; issuer: () => Promise<Issuer> }): Promise<void> {
  return runProgram(process.env, async () => {
    const [{ startApp }, app] = await Promise.all([import("./start-app.ts"), load.app()]);
    return { start: startApp(app, load.issuer) };
  });
}

/** Runs the issuer as a program of its own. */
export function runIssuer(load: () => Promise<Issuer>): Promise<void> {
  return runProgram(process.env, async () => {
    const [{ startIssuer }, issuer] = await Promise.all([import("./start-app.ts"), load()]);
    return { start: startIssuer(issuer) };
  });
}
