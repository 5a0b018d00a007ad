/**
 * Batches the calls of one turn of the event loop: `run` gets all inputs in order and returns as many outputs. Under load the store gets
 * one command for many requests, and no call waits longer than until the end of the turn.
 */
export function batched<I, O>(run: (inputs: I[]) => Promise<O[]>): (input: I) => Promise<O> {
  let waiting: { input: I; resolve: (output: O) => void; reject: (error: unknown) => void }[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    run(batch.map((one) => one.input)).then(
      (outputs) => {
        for (const [i, one] of batch.entries()) one.resolve(outputs[i] as O);
      },
      (error: unknown) => {
        for (const one of batch) one.reject(error);
      },
    );
  };
  return (input) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ input, resolve, reject }) === 1) setImmediate(flush);
    });
}
