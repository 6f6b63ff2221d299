export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when `holds` does; fails with `what` after `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms / 1_000} s in vain for ${what}`);
    await sleep(50);
  }
}

/** Evenly between the two, milliseconds. */
export const between = (least: number, most: number): number => least + Math.random() * (most - least);
