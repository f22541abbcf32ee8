/** Looks every 5 ms until `look` gives something; rejects with `failure` when it is too late. */
export const until = async <T>(
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  failure: string,
): Promise<T> => {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
