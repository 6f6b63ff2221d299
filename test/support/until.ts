type Nothing = null | undefined | false;

/** Resolves with what `look` answers as soon as it is something; fails with `what` after a generous while. */
export async function until<T>(
  what: string,
  look: () => T | Nothing | Promise<T | Nothing>,
  patienceMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs / 1_000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
