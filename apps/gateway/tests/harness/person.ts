import { Client } from "./client.ts";

/** Somebody with an account; calls are made with the Bearer token. */
export class Person extends Client {
  readonly username: string;
  readonly password: string;
  readonly email: string;
  readonly id: number;
  /** The same person with Basic credentials. */
  readonly basic: Client;

  constructor(origin: string, account: Account, password: string, accessToken: string) {
    super(origin, { Authorization: `Bearer ${accessToken}` });
    this.id = account.id;
    this.username = account.username;
    this.email = account.email;
    this.password = password;
    const pair = Buffer.from(`${account.username}:${password}`).toString("base64");
    this.basic = new Client(origin, { Authorization: `Basic ${pair}` });
  }
}

interface Account {
  id: number;
  username: string;
  email: string;
}

/** Logs in, with these headers besides, and asks who that is. */
export async function logIn(
  origin: string,
  username: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Person> {
  const form = new URLSearchParams({ grant_type: "password", username, password });
  const tokens = await new Client(origin, headers).post("/auth/token", form);
  if (tokens.status !== 200) throw new Error(`${username} cannot log in: ${tokens.status} ${tokens.text}`);
  const { access_token } = tokens.json<{ access_token: string }>();
  const me = await new Client(origin, { Authorization: `Bearer ${access_token}` }).get("/auth/me");
  return new Person(origin, me.json() as unknown as Account, password, access_token);
}

/** Makes an account without staff rights and logs it in. */
export async function register(origin: string, username: string, password: string): Promise<Person> {
  const made = await new Client(origin).post("/auth/register", {
    username,
    email: `${username}@example.com`,
    password,
  });
  if (made.status !== 201) throw new Error(`${username} cannot register: ${made.status} ${made.text}`);
  return logIn(origin, username, password);
}
