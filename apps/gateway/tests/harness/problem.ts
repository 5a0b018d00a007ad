import { expect } from "vitest";
import type { Answer } from "./client.ts";
import { secretMark } from "./test-settings.ts";

interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  requestId: string;
  errors?: { path: string; message: string }[];
}

/** What must never leave the process: a stack, a path of its files, a statement or an error of a store, a secret. */
const telltale =
  /\n\s+at |node_modules|file:\/\/|\.ts:\d|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) |ER_[A-Z]|SQLSTATE|ECONN|WRONGTYPE|[\w.]+:\d{4,5}\b/;

/**
 * Checks that an answer is a whole RFC 9457 problem with this status; every name in `faulty` must be the path of one of its errors.
 * Returns the problem.
 */
export function expectProblem(answer: Answer, status: number, ...faulty: string[]): ProblemBody {
  const seen = `${answer.status} ${answer.text.slice(0, 500)}`;
  expect(answer.status, seen).toBe(status);
  expect(faultsOfProblem(answer), seen).toEqual([]);
  const problem = answer.json() as unknown as ProblemBody;
  if (faulty.length > 0)
    expect(problem.errors?.map((error) => error.path) ?? [], seen).toEqual(expect.arrayContaining(faulty));
  return problem;
}

/** What keeps an answer from being a whole problem, in words. */
export function faultsOfProblem(answer: Answer): string[] {
  const faults: string[] = [];
  const check = (fine: boolean, fault: string) => {
    if (!fine) faults.push(fault);
  };
  check(answer.headers["content-type"] === "application/problem+json", `type ${answer.headers["content-type"]}`);
  check(!telltale.test(answer.text) && !answer.text.includes(secretMark), "it tells too much");
  let body: Partial<ProblemBody>;
  try {
    body = answer.json();
  } catch {
    return [...faults, "it is no JSON"];
  }
  for (const field of ["type", "title", "detail", "instance", "requestId"] as const) {
    check(typeof body[field] === "string" && body[field] !== "", `no ${field}`);
  }
  check(URL.canParse(body.type ?? ""), "its type is no URI");
  check(body.status === answer.status, `status ${body.status} in the body`);
  check(body.requestId === answer.headers["x-request-id"], "another request id in the head");
  check(answer.status !== 401 || /Bearer.*Basic/.test(answer.headers["www-authenticate"] ?? ""), "no challenge");
  check(answer.status !== 405 || answer.headers.allow !== undefined, "no Allow");
  for (const error of body.errors ?? []) {
    check(typeof error.path === "string" && typeof error.message === "string", "an error without path or message");
  }
  return faults;
}
