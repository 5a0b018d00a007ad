import type { IncomingMessage } from "node:http";
import { Problem } from "@quintet/http";

/** Nobody was asked: every target is ejected or away. */
export class NoTarget extends Error {
  override name = "NoTarget";
}

/** The request has been here before: a target of the app is this gateway itself. */
export class LoopDetected extends Error {
  override name = "LoopDetected";
}

const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether a request may be sent twice (RFC 9110 section 9.2.2), or says so itself by an `Idempotency-Key`. */
export function isIdempotent(request: IncomingMessage): boolean {
  return idempotentMethods.has(request.method ?? "") || request.headers["idempotency-key"] !== undefined;
}

/** What the client is told of an upstream that failed. */
export function problemOf(name: string, error: Error): Problem {
  const code = "code" in error ? error.code : undefined;
  if (code === "WAIT_TIMEOUT") {
    return new Problem("unavailable", `The ${name} app is busy with other requests.`, {
      headers: { "Retry-After": "2" },
    });
  }
  if (error instanceof LoopDetected) {
    return new Problem("loop-detected", `The ${name} app is set to an address that leads back to this gateway.`);
  }
  if (error instanceof NoTarget || code === "CONNECT_TIMEOUT") {
    return new Problem("unavailable", `The ${name} app cannot be reached just now.`, {
      headers: { "Retry-After": "2" },
    });
  }
  if (code === "ANSWER_TIMEOUT") return new Problem("gateway-timeout", `The ${name} app did not answer in time.`);
  return new Problem("bad-gateway", `The ${name} app broke off its answer.`);
}
