/** Resolves when `holds` does; fails with `what` after `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms / 1_000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
