import type { LeaderJob } from "../leader.ts";
import { type Pump, type PumpDeps, startPump } from "./pump.ts";
import { partsOf, type StoredSubscription, type SubscriptionCommands } from "./subscriptions.ts";

/** How the subscriptions fare, as the leading process sees them; empty in the others. */
export interface WebhookFigures {
  /** Delivered, or not at last. */
  active: number;
  failing: number;
  /** Stopped for good, until they are put again. */
  stopped: number;
  /** The most failed deliveries in a row of a subscription, by queue, where there are any. */
  failures: Map<string, number>;
}

/** How many changed subscriptions are read in one round. */
const batchSize = 500;

/**
 * Delivers the messages of all subscriptions, in the process that leads. It learns of changes by their versions; what happened is saved once
 * a second.
 */
export function pumpWebhooks(
  subscriptions: SubscriptionCommands,
  deps: Omit<PumpDeps, "stop">,
): LeaderJob & { figures(): WebhookFigures } {
  const pumps = new Map<string, Pump>();
  const stopped = new Set<string>();
  /** The changes of a subscription are applied one after the other, beside the rounds. */
  const applying = new Map<string, Promise<void>>();
  let after = 0;

  const applyNext = (name: string, work: () => Promise<void>) => {
    const applied = (applying.get(name) ?? Promise.resolve())
      .then(work)
      .catch(deps.onError)
      .finally(() => {
        if (applying.get(name) === applied) applying.delete(name);
      });
    applying.set(name, applied);
  };

  const stop = async (subscription: StoredSubscription, why: string) => {
    await subscriptions.replace(subscription, { ...subscription.item, stopped: why });
  };

  /** Ends the pump of a subscription; its state is saved, so that the next one goes on with it. */
  const end = async (name: string) => {
    const pump = pumps.get(name);
    if (!pump) return;
    pumps.delete(name);
    await pump.end();
    await subscriptions.saveStates([{ name, state: pump.takeChanged() ? pump.state : undefined }]);
  };

  const apply = async (name: string, stored: StoredSubscription | undefined) => {
    await end(name);
    stopped.delete(name);
    if (stored === undefined) return subscriptions.saveStates([{ name, state: undefined }]);
    if (stored.item.stopped !== undefined) return void stopped.add(name);
    const [current = stored] = await subscriptions.read([name]);
    pumps.set(name, startPump({ ...deps, stop }, current));
  };

  return {
    async round() {
      const changes = await subscriptions.changes(after, batchSize);
      if (changes.length > 0) {
        const stored = new Map(
          (await subscriptions.read(changes.map(({ name }) => name))).map((one) => [one.name, one]),
        );
        for (const { name } of changes) applyNext(name, () => apply(name, stored.get(name)));
        after = changes.at(-1)?.version ?? after;
      }
      const changed = [...pumps.values()].filter((pump) => pump.takeChanged());
      await subscriptions.saveStates(changed.map(({ subscription, state }) => ({ name: subscription.name, state })));
    },
    async resign() {
      after = 0;
      for (const name of [...pumps.keys(), ...applying.keys()]) applyNext(name, () => end(name));
      await Promise.all(applying.values());
      stopped.clear();
    },

    figures() {
      const failing = [...pumps.values()].filter(({ state }) => state.failures > 0);
      const failures = new Map<string, number>();
      for (const { subscription, state } of failing) {
        const { queue } = partsOf(subscription.name);
        failures.set(queue, Math.max(failures.get(queue) ?? 0, state.failures));
      }
      return { active: pumps.size - failing.length, failing: failing.length, stopped: stopped.size, failures };
    },
  };
}
