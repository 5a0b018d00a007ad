import { expect, it } from "vitest";
import type { Installation } from "../harness/installation.ts";
import { secretMark } from "../harness/test-settings.ts";

/** Comes last: looks at everything that was logged while the other tests ran. */
export function logs(quintet: Installation): void {
  it("logs one ECS line of JSON per event, and no secret", () => {
    const lines = quintet.output().trim().split("\n");
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ "@timestamp": expect.any(String), "log.level": expect.any(String) });
    }
    const secret = new RegExp(`${secretMark}|eyJ[\\w-]{20,}|Basic [\\w+/=]{12,}|\\$argon2|BEGIN PRIVATE KEY`);
    expect(lines.filter((line) => secret.test(line))).toEqual([]);
    const urls = /(mysql|postgres|postgresql|redis):\/\/[^"@]*@/;
    expect(lines.filter((line) => urls.test(line))).toEqual([]);
  });
}
