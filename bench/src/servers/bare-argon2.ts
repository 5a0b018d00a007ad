// Argon2id with the parameters of a sign-in, and nothing else: `bare-argon2.ts SECONDS` uses two cores and prints hashes per
// second.
import { hash, verify } from "@node-rs/argon2";

const deadline = performance.now() + Number(process.argv[2]) * 1000;
const stored = await hash("correct horse battery", {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
});
const start = performance.now();
let count = 0;
const core = async () => {
  while (performance.now() < deadline) {
    if (!(await verify(stored, "correct horse battery"))) throw new Error("The hash is wrong.");
    count++;
  }
};
await Promise.all([core(), core()]);
console.log((count / (performance.now() - start)) * 1000);
