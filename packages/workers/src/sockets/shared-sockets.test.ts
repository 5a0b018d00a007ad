import { expect, it } from "vitest";
import { addressFault } from "./shared-sockets.ts";

const asRoot = process.getuid?.() === 0 && process.platform === "linux";

it.runIf(asRoot)("says that a user may not listen on a port", async () => {
  process.seteuid?.(65_534);
  try {
    const at = { setting: "REDIRECT_PORT", host: "127.0.0.1", port: 1 };
    expect(await addressFault(at)).toBe("REDIRECT_PORT: this user may not listen on 127.0.0.1:1");
  } finally {
    process.seteuid?.(0);
  }
});

it("says which setting has an address that is not of this machine, or none", async () => {
  const fault = (setting: string, host: string) => addressFault({ setting, host, port: 0 });
  expect(await fault("PORT", "203.0.113.9")).toBe("HOST: 203.0.113.9 is not an address of this machine");
  expect(await fault("METRICS_PORT", "2001:db8::9")).toBe(
    "METRICS_HOST: 2001:db8::9 is not an address of this machine",
  );
  expect(await fault("PORT", "no-such.invalid")).toBe("HOST: no address is known for no-such.invalid");
  expect(await fault("PORT", "127.0.0.1")).toBeUndefined();
});
