/** Looks every 5 ms until `look` gives something. */
export const until = async <T>(look: () => T | undefined, timeoutMs: number, failure: string): Promise<T> => {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
