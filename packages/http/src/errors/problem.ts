/** The error codes of every app, and the one place where a code becomes an HTTP status (RFC 9457). */
export const problemStatus = {
  "bad-request": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  "request-timeout": 408,
  conflict: 409,
  "precondition-failed": 412,
  "payload-too-large": 413,
  "uri-too-long": 414,
  "unsupported-media-type": 415,
  "range-not-satisfiable": 416,
  "expectation-failed": 417,
  unprocessable: 422,
  "precondition-required": 428,
  "too-many-requests": 429,
  "head-too-large": 431,
  internal: 500,
  "bad-gateway": 502,
  unavailable: 503,
  "gateway-timeout": 504,
  "insufficient-storage": 507,
  "loop-detected": 508,
} as const;

export type ProblemCode = keyof typeof problemStatus;
export type ProblemStatus = (typeof problemStatus)[ProblemCode];

const titles: Record<ProblemCode, string> = {
  "bad-request": "Bad Request",
  unauthenticated: "Unauthorized",
  forbidden: "Forbidden",
  "not-found": "Not Found",
  "method-not-allowed": "Method Not Allowed",
  "not-acceptable": "Not Acceptable",
  "request-timeout": "Request Timeout",
  conflict: "Conflict",
  "precondition-failed": "Precondition Failed",
  "payload-too-large": "Content Too Large",
  "uri-too-long": "URI Too Long",
  "unsupported-media-type": "Unsupported Media Type",
  "range-not-satisfiable": "Range Not Satisfiable",
  "expectation-failed": "Expectation Failed",
  unprocessable: "Unprocessable Content",
  "precondition-required": "Precondition Required",
  "too-many-requests": "Too Many Requests",
  "head-too-large": "Request Header Fields Too Large",
  internal: "Internal Server Error",
  "bad-gateway": "Bad Gateway",
  unavailable: "Service Unavailable",
  "gateway-timeout": "Gateway Timeout",
  "insufficient-storage": "Insufficient Storage",
  "loop-detected": "Loop Detected",
};

/** One fault in the input: where it is (a parameter's name, or a dotted path into the body) and what is wrong. */
export interface InputFault {
  path: string;
  message: string;
}

/** The body of an `application/problem+json` response (RFC 9457 section 3.1); a problem may add members of its own (3.2). */
export interface ProblemBody {
  type: string;
  title: string;
  status: ProblemStatus;
  detail: string;
  instance: string;
  requestId: string;
  errors?: InputFault[];
}

export interface ProblemOptions {
  errors?: InputFault[];
  headers?: Record<string, string>;
  members?: Record<string, unknown>;
  cause?: unknown;
}

/** An error that a client may see. Anything else that is thrown becomes a 500 that shows only its request id. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: ProblemStatus;
  readonly errors: InputFault[] | undefined;
  readonly headers: Record<string, string>;
  /** Extension members of its body (RFC 9457 section 3.2), such as the number of the load that it ended. */
  readonly members: Record<string, unknown>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.status = problemStatus[code];
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }

  /** The same problem with further members in its body. */
  with(members: Record<string, unknown>): Problem {
    const { errors, headers, cause } = this;
    return new Problem(this.code, this.message, {
      ...(errors ? { errors } : {}),
      headers,
      cause: cause ?? this,
      members: { ...this.members, ...members },
    });
  }
}

/** The wire form of a problem. `instance` is the path of the request, without its query. */
export function problemBody(problem: Problem, instance: string, requestId: string): ProblemBody {
  return {
    ...problem.members,
    type: `urn:quintet:problem:${problem.code}`,
    title: titles[problem.code],
    status: problem.status,
    detail: problem.message,
    instance,
    requestId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
}

/** The problem whose status is `status`, for errors that libraries raise with a bare status. */
export function problemCodeOf(status: number): ProblemCode {
  const found = Object.entries(problemStatus).find(([, value]) => value === status);
  return found ? (found[0] as ProblemCode) : status >= 500 ? "internal" : "bad-request";
}
