/**
 * Resolves as `promise` does; after `ms` as what `onLate` returns, or rejects with what it throws. The promise itself continues, and a later
 * rejection of it is ignored.
 */
export function deadline<T, L>(promise: Promise<T>, ms: number, onLate: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const late = () => {
      try {
        resolve(onLate());
      } catch (error) {
        reject(error);
      }
    };
    // When this process itself stood still, a response may be in the socket already: it is read before the verdict.
    const timer = setTimeout(() => setImmediate(late), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
