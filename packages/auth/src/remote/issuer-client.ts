import { type InputFault, Problem } from "@quintet/http";
import { z } from "zod";

/** The issuer's answer: `read` gives its body when the status is the wanted one, and throws a problem otherwise. */
export interface IssuerResponse {
  status: number;
  /** Whether it is the first answer to an `Idempotency-Key`, given again. */
  replayed: boolean;
  read<S extends z.ZodType>(status: number, schema: S): Promise<z.infer<S>>;
}

const problemSchema = z.object({
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

const passedOn = { 403: "forbidden", 409: "conflict", 422: "unprocessable" } as const;

/**
 * Asks the issuer at `url`, for `limitMs` at most. One that cannot be reached or is not well is a 503; a 429, a 403, a conflict and bad input are
 * passed on; any other answer is a 502.
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
      const detail = data?.detail ?? "Too many requests to the accounts; try again later.";
      throw new Problem("too-many-requests", detail, { headers: { "Retry-After": retryAfter } });
    }
    // A conflict that will pass: the same request is still under way there.
    if (status >= 500 || (status === 409 && response.headers.has("retry-after"))) throw unavailable(retryAfter);
    return {
      status,
      replayed: response.headers.has("idempotency-replayed"),
      async read(wanted, schema) {
        const parsed = status === wanted ? schema.safeParse(body) : undefined;
        if (parsed?.success) return parsed.data;
        throw refused(status, body);
      },
    };
  };
}

function unavailable(retryAfter: string, cause?: unknown): Problem {
  return new Problem("unavailable", "The accounts cannot be reached just now.", {
    headers: { "Retry-After": retryAfter },
    cause,
  });
}

function refused(status: number, body: unknown): Problem {
  const problem = problemSchema.safeParse(body);
  if (problem.success && (status === 403 || status === 409 || status === 422)) {
    const errors: InputFault[] | undefined = problem.data.errors;
    return new Problem(passedOn[status], problem.data.detail, errors ? { errors } : {});
  }
  return new Problem("bad-gateway", "The accounts answered something unexpected.", {
    cause: new Error(`The issuer answered ${status}.`),
  });
}
