import { setImmediate as turn } from "node:timers/promises";
import type { TransferCommands } from "../src/commands/transfer-commands.ts";
import { createTransfers } from "../src/transfers/transfers.ts";

/** A process that delivers an outbox and runs each step only when the test calls `step`. */
export class SteppedTransfers {
  private readonly steps: ReturnType<typeof createTransfers>;
  private readonly commands: TransferCommands;
  private pending: (() => Promise<void>) | undefined;
  private running = false;

  constructor(commands: TransferCommands, exists: (queue: string) => Promise<boolean>) {
    this.commands = commands;
    const gated = Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [name, this.gate(command as Command)]),
    ) as unknown as TransferCommands;
    this.steps = createTransfers(gated, exists);
  }

  /** Runs the next step `times` times, like a command that is retried; starts with `queue` when it is idle. */
  async step(queue: string, times = 1): Promise<void> {
    if (!this.running) {
      this.running = true;
      void this.steps.deliver(queue).finally(() => {
        this.running = false;
      });
    }
    await turn();
    const { pending } = this;
    for (let i = 1; i < times; i++) await this.repeat?.();
    this.pending = undefined;
    await pending?.();
    await turn();
  }

  /** Runs all remaining steps. */
  async finish(): Promise<void> {
    while (this.running) await this.step("");
  }

  private repeat: (() => Promise<unknown>) | undefined;

  private gate(command: Command): Command {
    return (...args) =>
      new Promise((resolve, reject) => {
        this.repeat = () => command.apply(this.commands, args);
        this.pending = () => command.apply(this.commands, args).then(resolve, reject);
      });
  }
}

type Command = (...args: unknown[]) => Promise<unknown>;
