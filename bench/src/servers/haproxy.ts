import type { MeasuredServer } from "../processes.ts";
import { startProxy } from "./proxy.ts";

/** HAProxy with one thread in front of `upstream`; connections to it are kept alive and shared. */
export function startHaproxy(upstream: string): Promise<MeasuredServer> {
  return startProxy({
    tool: "haproxy",
    configuration: ({ port }) => `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app ${new URL(upstream).host} pool-max-conn 256
`,
    args: (file) => ["-db", "-f", file],
  });
}
