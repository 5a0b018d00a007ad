/** The bytes of a file as they come. Whatever they throw means that the file ended badly. */
export type FileBytes = AsyncIterator<Buffer, unknown>;

/** A file that can be given up while its next bytes are waited for, however long they take. */
export interface AbortableFile extends FileBytes {
  /** From now on the file throws `error`. */
  abort(error: Error): void;
}

export function abortable(file: FileBytes): AbortableFile {
  let stopped: Error | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  return {
    // Not `Promise.race`, which would hold on to each of its calls until the end.
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
