import { describe, expect, test } from "vitest";
import { createHashQueue } from "./hash-queue.ts";
import { createHashThreads } from "./hash-threads.ts";
import { createPasswordHashes } from "./password-hash.ts";

const hashes = createPasswordHashes(createHashQueue({ atOnce: 2 }), createHashThreads());
const password = "correct horse bättery";

// Made by Django 3.2 with argon2-cffi and bcrypt of Python, and by Python's hashlib.
const ofDjango: Record<string, string> = {
  "PBKDF2, Django's own count": "pbkdf2_sha256$260000$seasalt$n49ATyhtZAe1Mn/kAZn8/aDsftIYTlF5E1XstlyvhLA=",
  "PBKDF2, few iterations": "pbkdf2_sha256$1000$seasalt2$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=",
  "PBKDF2, a salt beyond ASCII": "pbkdf2_sha256$7$Ünïcode$szHeqMt6EI6ZKNIYB8sojbtEf1pK4kRj30ZydEK5lS4=",
  "PBKDF2 with SHA-1": "pbkdf2_sha1$1000$seasalt2$AjqaKfikcz1q5oZHCzplBofmOCY=",
  Argon2id: "argon2$argon2id$v=19$m=1024,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$IUWMXPcB4gjzOxAgUVYRrg",
  "Argon2id, Django's own costs":
    "argon2$argon2id$v=19$m=102400,t=2,p=8$Q0M0Um9UY05CWkxpN25xVWI4WU9XeQ$/zpgI3xUTBoLlR6D0EHS+A",
  Argon2i: "argon2$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$4tTQQpgQTWsbAoA6P2KI+Q",
  Argon2d: "argon2$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$J5XfM5VsbpT9dOMj98OgS/BBizFqakOUkQFPGQrlj+Y",
  "bcrypt of the SHA-256": "bcrypt_sha256$$2b$04$vZAR8st4a6TvR6e95Wx6P.ExdEHhrSq9YVWvKyifbI6cyWzexwN5S",
  bcrypt: "bcrypt$$2b$04$R5mEVGl0acbCXpEA.X49kuiInjAT4i1esIjNSbhPTAh2jThYzEG1W",
};

describe("hashes that Django made", () => {
  test.each(Object.entries(ofDjango))("%s", async (_name, encoded) => {
    expect(await hashes.matches(encoded, password)).toBe(true);
    const wrong = ["correct horse battery", ""].map((text) => hashes.matches(encoded, text));
    expect(await Promise.all(wrong)).toEqual([false, false]);
    expect(hashes.isOutdated(encoded)).toBe(true);
  });

  test("a password longer than the 72 bytes that bcrypt takes", async () => {
    const plain = "bcrypt$$2b$04$EbpRZrBq7L6FV4AhY/kOg.vN9YE1nnWxHU.Tu2mA7OHxzYPzmLKL2";
    const preHashed = "bcrypt_sha256$$2b$04$g3Jq61A7CkJQtA/O12OnpO03jwePwcjIfSGP1jzZ.uRFL31ZM/cEi";
    expect(await hashes.matches(plain, "x".repeat(100))).toBe(true);
    expect(await hashes.matches(preHashed, "x".repeat(100))).toBe(true);
    expect(await hashes.matches(preHashed, "x".repeat(99))).toBe(false);
  });
});

describe("a new hash", () => {
  test("is Argon2id in Django's format, salted, and fits its column", async () => {
    const [first, second] = await Promise.all([hashes.make(password), hashes.make(password)]);
    expect(first).toMatch(/^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(first.length).toBeLessThanOrEqual(128);
    expect(first).not.toBe(second);
    expect(hashes.isOutdated(first)).toBe(false);
  });

  test.each([password, "x".repeat(1000), "émoji 😀 \0 nul"])("verifies %j and nothing else", async (text) => {
    const encoded = await hashes.make(text);
    expect(await hashes.matches(encoded, text)).toBe(true);
    expect(await hashes.matches(encoded, `${text} `)).toBe(false);
  });
});

describe("hashes that never match", () => {
  // Without the slow kinds above a refusal takes 100 ms.
  const threads = createHashThreads();
  const hashes = createPasswordHashes(createHashQueue({ atOnce: 2 }), threads);
  // Concurrent, since each spends its time in the delay of a wrong password.
  test.concurrent.each([
    undefined,
    "",
    "!NjHuEko0INcGvxOOPZpenmq33m4t6XdHLN8L6Rca",
    "plain",
    `plain$${password}`,
    "md5$salt$d41d8cd98f00b204e9800998ecf8427e",
    "constructor$1$2",
    "argon2",
    "argon2$",
    "argon2$argon2id$v=19$m=1024,t=2,p=2$$",
    "bcrypt_sha256$$2b$04$short",
    "pbkdf2_sha256$0$salt$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=",
    "pbkdf2_sha256$1000$salt$",
    "pbkdf2_sha256$1000$salt$AAAA",
    "pbkdf2_sha256$-1$salt$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=",
  ])("%s", async (encoded) => {
    const wrong = [password, ""].map((text) => hashes.matches(encoded, text));
    expect(await Promise.all(wrong)).toEqual([false, false]);
  });

  test.each([
    "pbkdf2_sha256$99999999$seasalt2$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=",
    "argon2$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$IUWMXPcB4gjzOxAgUVYRrg",
    "argon2$argon2id$v=19$m=1024,t=4000000,p=1$c29tZXNhbHRzb21lc2FsdA$IUWMXPcB4gjzOxAgUVYRrg",
    "argon2$argon2id$v=19$m=1024,t=2,p=200$c29tZXNhbHRzb21lc2FsdA$IUWMXPcB4gjzOxAgUVYRrg",
    "bcrypt$$2b$31$R5mEVGl0acbCXpEA.X49kuiInjAT4i1esIjNSbhPTAh2jThYzEG1W",
  ])("one that would cost too much is refused unread: %s", async (encoded) => {
    const { good, cpuMs } = await threads.verify(encoded, password);
    expect(good).toBe(false);
    expect(cpuMs).toBeLessThan(500);
  });

  test("a password of a megabyte", async () => {
    expect(await hashes.matches(await hashes.make("x".repeat(5000)), "x".repeat(1_000_000))).toBe(false);
  });
});
