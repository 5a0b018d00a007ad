import { expectProblem as expectWholeProblem, problemFaults } from "@quintet/http/testing";
import { expect } from "vitest";
import type { Answer } from "./client.ts";
import { secretMark } from "./test-settings.ts";

/**
 * Checks that an answer is a whole RFC 9457 problem with this status, and has none of the secrets; every name in `faulty` must be the path
 * of one of its errors. Returns the problem.
 */
export function expectProblem(answer: Answer, status: number, ...faulty: string[]) {
  const problem = expectWholeProblem(answer, status, ...faulty);
  expect(faultsOfProblem(answer)).toEqual([]);
  return problem;
}

/** What keeps an answer from being a whole problem, in words. */
export function faultsOfProblem(answer: Answer): string[] {
  return [...problemFaults(answer), ...(answer.text.includes(secretMark) ? ["it has a secret"] : [])];
}
