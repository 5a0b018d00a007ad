import { describe, expect, it } from "vitest";
import { toProblem } from "./faults.ts";

const failure = (message: string, more: object) => Object.assign(new Error(message), more);

describe("a full disk", () => {
  it.each([
    failure("ENOSPC: no space left on device, write", { code: "ENOSPC", syscall: "write" }),
    failure("The table 'jobs' is full", { code: "ER_RECORD_FILE_FULL", errno: 1114 }),
    failure("Disk full (/tmp); waiting for someone to free some space...", { code: "ER_DISK_FULL", errno: 1021 }),
    failure('Got error 28 "No space left on device" from storage engine InnoDB', { code: "ER_GET_ERRNO", errno: 1030 }),
    failure("Error writing file '/tmp/x' (Errcode: 28)", { code: "ER_ERROR_ON_WRITE", errno: 1026 }),
    failure("Error writing file '/tmp/x' (errno: 28 - No space left on device)", { code: "EE_WRITE", errno: 3 }),
    failure("could not extend file", { code: "53100" }),
    new Error("around it", { cause: failure("The table is full", { code: "ER_RECORD_FILE_FULL" }) }),
  ])("is a 507 that says so: $message", (error) => {
    const { status, message } = toProblem(error);
    expect([status, message]).toEqual([507, expect.stringMatching(/^A (?:disk|required store) is full\.$/)]);
  });

  it("is not what other errors say that have such words or numbers in them", () => {
    for (const error of [
      new Error("No space left on device"),
      failure("Duplicate entry '28' for key 'PRIMARY'", { code: "ER_DUP_ENTRY", errno: 1062 }),
      failure("Got error 281 from storage engine", { code: "ER_GET_ERRNO", errno: 1030 }),
    ]) {
      expect(toProblem(error).status).toBe(500);
    }
  });
});

describe("a Redis that takes no writes", () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", /Redis is out of memory/],
    ["OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'", /out of memory/],
    ["MISCONF Errors writing to the AOF file: No space left on device", /Redis.*cannot write to its disk/],
  ])("is a 503 that says so: %s", (reply, detail) => {
    const { status, message, headers } = toProblem(new Error("around it", { cause: failure(reply, {}) }));
    expect([status, message, headers["Retry-After"]]).toEqual([503, expect.stringMatching(detail), "5"]);
  });
});
