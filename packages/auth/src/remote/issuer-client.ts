import { type InputFault, Problem } from "@quintet/http";
import { z } from "zod";

/** A response of the issuer. `read` returns its body if the status is the expected one, and throws a problem otherwise. */
export interface IssuerResponse {
  status: number;
  /** Whether it is the stored response to an earlier request with the same `Idempotency-Key`. */
  replayed: boolean;
  read<S extends z.ZodType>(status: number, schema: S): Promise<z.infer<S>>;
}

const problemSchema = z.object({
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const passedOn = { 403: "forbidden", 409: "conflict", 422: "unprocessable" } as const;

/**
 * Sends requests to the issuer at `url`, with a timeout of `limitMs`. Throws a 503 when it is unreachable or unhealthy; passes on
 * 429, 403, 409 and 422; throws a 502 for any other unexpected response.
 */
export function issuerClient(url: string, limitMs = 5000) {
  return async (path: string, init: RequestInit): Promise<IssuerResponse> => {
    const response = await fetch(`${url}${path}`, {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(limitMs),
    }).catch((error: unknown) => {
      throw unavailable("2", error);
    });
    const { status } = response;
    const body: unknown = await response.json().catch(() => undefined);
    const retryAfter = response.headers.get("retry-after") ?? "2";
    if (status === 429) {
      const { data } = problemSchema.safeParse(body);
      const detail = data?.detail ?? "Too many requests to the accounts. Try again later.";
      throw new Problem("too-many-requests", detail, { headers: { "Retry-After": retryAfter } });
    }
    // A temporary conflict: the same request is still in flight there.
    if (status >= 500 || (status === 409 && response.headers.has("retry-after"))) throw unavailable(retryAfter);
    return {
      status,
      replayed: response.headers.has("idempotency-replayed"),
      async read(expected, schema) {
        const parsed = status === expected ? schema.safeParse(body) : undefined;
        if (parsed?.success) return parsed.data;
        throw problemOf(status, body);
      },
    };
  };
}

function unavailable(retryAfter: string, cause?: unknown): Problem {
  return new Problem("unavailable", "The accounts are unavailable.", {
    headers: { "Retry-After": retryAfter },
    cause,
  });
}

function problemOf(status: number, body: unknown): Problem {
  const problem = problemSchema.safeParse(body);
  if (problem.success && (status === 403 || status === 409 || status === 422)) {
    const errors: InputFault[] | undefined = problem.data.errors;
    return new Problem(passedOn[status], problem.data.detail, errors ? { errors } : {});
  }
  return new Problem("bad-gateway", "Unexpected response of the accounts.", {
    cause: new Error(`The issuer responded with ${status}.`),
  });
}
