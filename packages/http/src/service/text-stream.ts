/** Texts as a stream that reads only as fast as it is consumed. */
export function textStream(texts: AsyncGenerator<string | Buffer>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const next = await texts.next();
      if (next.done) controller.close();
      else controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : new Uint8Array(next.value));
    },
    cancel: async () => {
      await texts.return(undefined);
    },
  });
}

/** The same texts once the first one is there, so that what is wrong with the first statement is an error response. */
export async function startedTexts<T>(texts: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await texts.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* texts;
  })();
}
