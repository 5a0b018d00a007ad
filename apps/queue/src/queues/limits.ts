/** What one account may have: queues of its own, and messages and their bytes in all of them. */
export interface AccountLimits {
  maxQueues: number;
  maxMessages: number;
  maxBytes: number;
}
