import { type Problem, SignatureError, toProblem } from "@quintet/http";
import { SqsError, type SqsErrorName } from "./sqs-error.ts";

const names: Partial<Record<Problem["code"], SqsErrorName>> = {
  "bad-request": "InvalidParameterValue",
  unauthenticated: "InvalidClientTokenId",
  forbidden: "AccessDenied",
  "not-found": "QueueDoesNotExist",
  conflict: "OverLimit",
  "payload-too-large": "RequestEntityTooLarge",
  "unsupported-media-type": "UnsupportedMediaType",
  unprocessable: "InvalidParameterValue",
  "too-many-requests": "RequestThrottled",
  unavailable: "ServiceUnavailable",
  "insufficient-storage": "ServiceUnavailable",
  "gateway-timeout": "ServiceUnavailable",
};

/** Any error as one of SQS. What the app has no words for is an `InternalFailure` that says nothing but the request's id. */
export function toSqsError(error: unknown, { method, requestId }: { method: string; requestId: string }): SqsError {
  if (error instanceof SqsError) return error;
  if (error instanceof SignatureError) return new SqsError(error.name, error.message);
  const problem = toProblem(error, method);
  const { code, message, headers } = problem;
  if (code === "not-found") return nonExistentQueue();
  const name = names[code];
  if (name === undefined) {
    return new SqsError("InternalFailure", `The request failed. Its id is ${requestId}.`, {
      cause: problem.cause ?? problem,
    });
  }
  return new SqsError(name, message, { cause: problem.cause, headers });
}

export function nonExistentQueue(): SqsError {
  return new SqsError("QueueDoesNotExist", "The specified queue does not exist.");
}
