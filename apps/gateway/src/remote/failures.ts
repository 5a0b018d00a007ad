import type { IncomingMessage } from "node:http";
import { Problem } from "@quintet/http";

/** No request was sent: every target is ejected. */
export class NoTargetAvailable extends Error {
  override name = "NoTarget";
}

/** The request has already passed this gateway: a target of the app is the gateway itself. */
export class LoopDetected extends Error {
  override name = "LoopDetected";
}

const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether a request may be sent twice: by its method (RFC 9110 section 9.2.2), or because it has an `Idempotency-Key`. */
export function isRetryable(request: IncomingMessage): boolean {
  return idempotentMethods.has(request.method ?? "") || request.headers["idempotency-key"] !== undefined;
}

/** The problem that the client gets when the upstream failed. */
export function problemOf(name: string, error: Error): Problem {
  const code = "code" in error ? error.code : undefined;
  if (code === "WAIT_TIMEOUT") {
    return new Problem("unavailable", `The ${name} app is busy with other requests.`, {
      headers: { "Retry-After": "2" },
    });
  }
  if (error instanceof LoopDetected) {
    return new Problem("loop-detected", `The configured address of the ${name} app leads back to this gateway.`);
  }
  if (error instanceof NoTargetAvailable || code === "CONNECT_TIMEOUT") {
    return new Problem("unavailable", `The ${name} app is currently unavailable.`, {
      headers: { "Retry-After": "2" },
    });
  }
  if (code === "RESPONSE_TIMEOUT") return new Problem("gateway-timeout", `The ${name} app did not respond in time.`);
  return new Problem("bad-gateway", `The ${name} app sent an incomplete or invalid response.`);
}
