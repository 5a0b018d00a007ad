import { Upload } from "tus-js-client";

/** Sends a file with the client of tus.io, and returns the URL of its upload. */
export async function sendByTus(url: string, file: Buffer, authorization: string, more: object = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const upload = new Upload(file, {
    endpoint: `${url}/ingest/uploads`,
    headers: { Authorization: authorization },
    metadata: { filename: "jobs.csv" },
    retryDelays: [0, 100, 500, 1000, 3000],
    onSuccess: () => resolve(upload.url ?? ""),
    onError: reject,
    ...more,
  });
  upload.start();
  return promise;
}
