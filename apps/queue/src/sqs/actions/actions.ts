import type { Action } from "./action.ts";
import { GetQueueAttributes, SetQueueAttributes } from "./attributes.ts";
import { CancelMessageMoveTask, ListMessageMoveTasks, StartMessageMoveTask } from "./move-tasks.ts";
import { AddPermission, RemovePermission } from "./permissions.ts";
import { CreateQueue, DeleteQueue, GetQueueUrl, ListDeadLetterSourceQueues, ListQueues, PurgeQueue } from "./queues.ts";
import { ReceiveMessage } from "./receive.ts";
import { SendMessage, SendMessageBatch } from "./send.ts";
import { ListQueueTags, TagQueue, UntagQueue } from "./tags.ts";
import {
  ChangeMessageVisibility,
  ChangeMessageVisibilityBatch,
  DeleteMessage,
  DeleteMessageBatch,
} from "./visibility.ts";

/** The actions of SQS (version 2012-11-05) by their names. */
export const actions: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    AddPermission,
    CancelMessageMoveTask,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    GetQueueAttributes,
    GetQueueUrl,
    ListDeadLetterSourceQueues,
    ListMessageMoveTasks,
    ListQueues,
    ListQueueTags,
    PurgeQueue,
    ReceiveMessage,
    RemovePermission,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    StartMessageMoveTask,
    TagQueue,
    UntagQueue,
  }),
);
