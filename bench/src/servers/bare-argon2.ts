// Argon2id as a sign-in needs it, and nothing else: `bare-argon2.ts SECONDS` keeps two cores busy and prints hashes per second.
import { hash, verify } from "@node-rs/argon2";

const until = performance.now() + Number(process.argv[2]) * 1000;
const made = await hash("correct horse battery", {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
});
const begun = performance.now();
let count = 0;
const core = async () => {
  while (performance.now() < until) {
    if (!(await verify(made, "correct horse battery"))) throw new Error("The hash is wrong.");
    count++;
  }
};
await Promise.all([core(), core()]);
console.log((count / (performance.now() - begun)) * 1000);
