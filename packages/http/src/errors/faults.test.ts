import { expect, it } from "vitest";
import { toProblem } from "./faults.ts";

const failed = (code: string) => new Error("The driver's words", { cause: Object.assign(new Error("lost"), { code }) });

it.each(["OUTCOME_UNKNOWN", "STATEMENT_TIMEOUT", "PROTOCOL_CONNECTION_LOST", "CONNECTION_CLOSED"])(
  "says of a write whose answer never came that its outcome is unknown: %s",
  (code) => {
    const write = toProblem(failed(code), "POST");
    expect([write.status, write.headers["Retry-After"]]).toEqual([503, "2"]);
    expect(write.message).toContain("The outcome is unknown");
    const read = toProblem(failed(code), "GET");
    expect(read.status).toBe(503);
    expect(read.message).not.toContain("unknown");
  },
);

it("says of what was never sent that the store is unavailable", () => {
  expect(toProblem(failed("ECONNREFUSED"), "POST").message).toContain("unavailable");
});
