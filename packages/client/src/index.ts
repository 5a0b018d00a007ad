export type { QuintetClient } from "./apis.ts";
export { type ClientOptions, createClient } from "./client.ts";
export { pages } from "./pages.ts";
export { answered, ok, ProblemError } from "./problem-error.ts";
export { SignInError, signIn, type TokenSource } from "./sign-in.ts";
