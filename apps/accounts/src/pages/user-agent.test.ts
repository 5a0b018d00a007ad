import { expect, it } from "vitest";
import { clientOf } from "./user-agent.ts";

const webKit = "AppleWebKit/537.36 (KHTML, like Gecko)";

it.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${webKit} Chrome/150.0.0.0 Safari/537.36`, "Chrome 150 on Linux"],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`,
    "Edge 150 on Windows",
  ],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 on Windows"],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
    "Safari 18 on macOS",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
    "Safari 18 on iPhone",
  ],
  [`Mozilla/5.0 (Linux; Android 14; K) ${webKit} Chrome/150.0.0.0 Mobile Safari/537.36`, "Chrome 150 on Android"],
  ["curl/8.5.0", "curl 8"],
  ["node", undefined],
  ["", undefined],
  [null, undefined],
])("%s is %s", (userAgent, client) => {
  expect(clientOf(userAgent)).toBe(client);
});
