import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Client } from "../../harness/client.ts";
import type { Installation } from "../../harness/installation.ts";
import { register } from "../../harness/person.ts";
import { secretMark } from "../../harness/test-settings.ts";
import { unique } from "../../harness/values.ts";
import { routesOf } from "./guarded-routes.ts";

const full = process.env.QUINTET_FAULTS === "full";
const [perSecond, seconds] = full ? [1000, 20] : [250, 4];
const tickMs = 20;
/** More requests under way than this would measure the machine and not the apps. */
const atOnce = 1000;

interface Asked {
  who: string;
  path: string;
  sentAt: number;
  answeredAt: number;
  status: number;
}

/** Credentials end in every app within 1 s while requests use them, and nothing else is refused meanwhile. */
export function revokedInUse(quintet: Installation): void {
  const { anyone, staff, origin } = quintet;

  it(`${perSecond} requests a second while credentials are revoked, in every way there is`, {
    timeout: 300_000,
  }, async () => {
    const password = `${secretMark}${unique("password")}`;
    const person = () => register(origin, unique("user"), password);
    const people = { kept: await person(), gone: await person(), changed: await person(), several: await person() };
    const signIn = async (username: string) => {
      const form = new URLSearchParams({ grant_type: "password", username, password });
      return (await anyone.post("/auth/token", form)).json<{ access_token: string; refresh_token: string }>();
    };
    const [token, family, session] = [
      await signIn(people.several.username),
      await signIn(people.several.username),
      await signIn(people.several.username),
    ];
    const bearer = ({ access_token }: { access_token: string }) =>
      anyone.with({ Authorization: `Bearer ${access_token}` });
    const { sessions } = (await bearer(session).get("/auth/sessions")).json<{ sessions: { id: string }[] }>();
    const revoke = (text: string) => anyone.post("/auth/revoke", new URLSearchParams({ token: text }));
    const newPassword = { currentPassword: password, newPassword: `${password} 2` };

    /** Whose credentials end, how, and who stays. */
    const users: Record<string, { client: Client; end?: () => Promise<{ status: number }> }> = {
      "a token": { client: bearer(token), end: () => revoke(token.access_token) },
      "a sign-in, by its refresh token": { client: bearer(family), end: () => revoke(family.refresh_token) },
      "a session": {
        client: bearer(session),
        end: () => people.several.delete(`/auth/sessions/${sessions[0]?.id}`),
      },
      "an account, its token": {
        client: people.gone,
        end: () => staff.patch(`/auth/accounts/${people.gone.id}`, { isActive: false }),
      },
      "an account, its password": { client: people.gone.basic },
      "a password, its token": {
        client: people.changed,
        end: () => people.changed.post("/auth/password", newPassword),
      },
      "a password": { client: people.changed.basic },
      "the same account's first token": { client: people.several },
      "another's token": { client: people.kept },
      "another's password": { client: people.kept.basic },
      staff: { client: staff },
    };
    const ending = new Set(Object.keys(users).slice(0, 7));
    const names = Object.keys(users);
    const paths = routesOf(quintet);

    const asked: Asked[] = [];
    let [sent, sentAfter, underWay, endedAt] = [0, 0, 0, Number.POSITIVE_INFINITY];
    let startedToEnd = Number.POSITIVE_INFINITY;
    const send = async () => {
      const [who, path] = [
        names[sent % names.length] ?? "",
        paths[Math.floor(sent / names.length) % paths.length] ?? "",
      ];
      sent++;
      underWay++;
      const sentAt = performance.now();
      if (sentAt > endedAt + 1000) sentAfter++;
      const { status } = (await users[who]?.client.get(path)) ?? { status: 0 };
      asked.push({ who, path, sentAt, answeredAt: performance.now(), status });
      underWay--;
    };
    // What is remembered is remembered everywhere before it begins.
    for (const { client } of Object.values(users)) {
      for (const path of paths) expect([200, 404], path).toContain((await client.get(path)).status);
    }
    const begun = performance.now();
    const endAll = async () => {
      await pause((seconds * 1000) / 3);
      startedToEnd = performance.now();
      const answers = await Promise.all(Object.values(users).flatMap(({ end }) => (end ? [end()] : [])));
      endedAt = performance.now();
      for (const { status } of answers) expect([200, 204]).toContain(status);
    };
    const ended = endAll();
    const running: Promise<void>[] = [];
    // Until everybody has asked every app afterwards too, however long a busy machine takes for that.
    while (performance.now() < begun + seconds * 1000 || sentAfter < names.length * paths.length) {
      const due = ((performance.now() - begun) / 1000) * perSecond;
      while (sent < due && underWay < atOnce) running.push(send());
      await pause(tickMs);
      if (performance.now() > begun + 180_000 + seconds * 1000) break; // It did not end.
    }
    await Promise.all([ended, ...running]);

    const wrong = asked.filter(({ who, sentAt, answeredAt, status }) => {
      if (status === 503) return false; // Counted below.
      const isGood = status === 200 || status === 404;
      if (!ending.has(who) || answeredAt < startedToEnd) return !isGood;
      return sentAt > endedAt + 1000 ? status !== 401 : !isGood && status !== 401;
    });
    expect(wrong.slice(0, 5), `${wrong.length} of ${asked.length}`).toEqual([]);
    // A machine that cannot serve so many turns a few away; that is neither let in nor refused.
    expect(asked.filter(({ status }) => status === 503).length).toBeLessThan(0.05 * asked.length);
    // The most of what was to be sent was sent, on both sides of the change, by everybody to every app.
    for (const who of names) {
      for (const path of paths) {
        const mine = asked.filter((one) => one.who === who && one.path === path);
        expect(
          mine.some(({ sentAt }) => sentAt < startedToEnd),
          `${who} ${path} before`,
        ).toBe(true);
        expect(
          mine.some(({ sentAt }) => sentAt > endedAt + 1000),
          `${who} ${path} after`,
        ).toBe(true);
      }
    }
    if (full) expect(asked.length).toBeGreaterThan(perSecond * seconds * 0.8);
  });
}
