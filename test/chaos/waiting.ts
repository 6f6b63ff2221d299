export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Evenly between the two, milliseconds. */
export const between = (least: number, most: number): number => least + Math.random() * (most - least);
