import type { Action } from "./action.ts";
import { ReceiveMessage } from "./receive.ts";
import { SendMessage, SendMessageBatch } from "./send.ts";
import {
  ChangeMessageVisibility,
  ChangeMessageVisibilityBatch,
  DeleteMessage,
  DeleteMessageBatch,
} from "./visibility.ts";

/** The actions of SQS (version 2012-11-05) by their names. */
export const actions: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    DeleteMessage,
    DeleteMessageBatch,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
  }),
);
