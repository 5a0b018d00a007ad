// An app of a few lines, for tests that kill it: `echo-app.ts PORT`. It writes the id of every POST that it took.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    if (request.method === "POST") process.stdout.write(`took ${request.headers["x-id"]}\n`);
    setTimeout(() => response.end("ok"), 5);
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("listening\n"));
process.stdin.on("end", () => process.exit()).resume(); // Whoever runs the tests has ended.
