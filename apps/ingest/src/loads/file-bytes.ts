/** The bytes of a file as they arrive. An error means that the file is incomplete. */
export type FileBytes = AsyncIterator<Buffer, unknown>;

/** A file whose reading can be aborted while it waits for the next bytes. */
export interface AbortableFile extends FileBytes {
  /** Makes the pending and all further reads throw `error`. */
  abort(error: Error): void;
}

export function abortable(file: FileBytes): AbortableFile {
  let stopped: Error | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  return {
    // Not `Promise.race`, which would retain every call until the end.
    next: () =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(stopped);
        giveUp = reject;
        file.next().then(resolve, reject);
      }),
    abort(error) {
      stopped ??= error;
      giveUp?.(error);
    },
  };
}
