const maxBatch = 256;

/**
 * Batches the calls of one turn of the event loop, and those that come while a batch runs: `run` gets the inputs in order, at most 256, and
 * returns as many outputs. Under load the store gets one command for many requests.
 */
export function batched<I, O>(run: (inputs: I[]) => Promise<O[]>): (input: I) => Promise<O> {
  let waiting: { input: I; resolve: (output: O) => void; reject: (error: unknown) => void }[] = [];
  let isScheduled = false;
  const flush = () => {
    const batch = waiting;
    waiting = batch.length > maxBatch ? batch.splice(maxBatch) : [];
    run(batch.map((one) => one.input))
      .then(
        (outputs) => {
          for (let i = 0; i < batch.length; i++) batch[i]?.resolve(outputs[i] as O);
        },
        (error: unknown) => {
          for (const one of batch) one.reject(error);
        },
      )
      .finally(() => {
        isScheduled = waiting.length > 0;
        if (isScheduled) flush();
      });
  };
  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    });
}
