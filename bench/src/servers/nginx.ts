import type { MeasuredServer } from "../processes.ts";
import { startProxy } from "./proxy.ts";

/** nginx with one worker in front of `upstream`; connections to it are kept alive and nothing is buffered on disk. */
export function startNginx(upstream: string): Promise<MeasuredServer> {
  return startProxy({
    tool: "nginx",
    configuration: ({ port, folder }) => `worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr crit;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  access_log off; client_max_body_size 0; keepalive_requests 1000000000;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  upstream app { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering off; proxy_max_temp_file_size 0;
    }
  }
}`,
    args: (file, folder) => ["-c", file, "-p", folder],
  });
}
