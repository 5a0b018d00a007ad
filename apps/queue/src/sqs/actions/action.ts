import type { Account } from "@quintet/auth";
import type { Caller } from "../../commands/caller.ts";
import type { CommandsOfCaller } from "../../commands/queue-commands.ts";
import type { Deps } from "../../deps.ts";
import { type Fields, type Shape, structure, type ValuesOf } from "../protocol/shapes.ts";

/** What an action works with: who calls it, from where, and what the app has. */
export interface ActionContext {
  deps: Deps;
  account: Account;
  caller: Caller;
  commands: CommandsOfCaller;
  /** The region of the request's credential scope. */
  region: string;
  /** The origin by which the client has sent its request. */
  origin: string;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  /** Marks the request as waiting; may throw. */
  beginWaiting(): void;
}

/** An action of SQS, whichever protocol it is called by. */
export interface Action {
  input: Shape<object>;
  /** Missing when there is no result. */
  output: Shape<object> | undefined;
  run(context: ActionContext, input: never): Promise<object>;
}

/** An action with a result. */
export function action<I extends Fields, O extends Fields>(
  input: I,
  output: O,
  run: (context: ActionContext, input: ValuesOf<I>) => Promise<ValuesOf<O>>,
): Action {
  return { input: structure(input), output: structure(output), run };
}

/** An action without a result. */
export function command<I extends Fields>(
  input: I,
  run: (context: ActionContext, input: ValuesOf<I>) => Promise<void>,
): Action {
  return {
    input: structure(input),
    output: undefined,
    async run(context, given: ValuesOf<I>) {
      await run(context, given);
      return {};
    },
  };
}
