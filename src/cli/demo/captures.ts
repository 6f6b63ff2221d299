import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A recorded AMI session of one call and what the call was. */
export interface DemoCapture {
  name: string;
  bytes: Buffer;
  expected: { direction: string; result: string };
}

const FOLDER = fileURLToPath(new URL('./captures/', import.meta.url));

/** Every recorded call that comes with the demo, by name. */
export async function loadCaptures(): Promise<DemoCapture[]> {
  const names = (await readdir(FOLDER)).filter((file) => file.endsWith('.ami')).map((file) => file.slice(0, -4));
  return Promise.all(
    names.sort().map(async (name) => {
      const [expected] = JSON.parse(
        await readFile(`${FOLDER}${name}.expected.json`, 'utf8'),
      ) as DemoCapture['expected'][];
      if (!expected) throw new Error(`${name}.expected.json is empty`);
      return { name, bytes: await readFile(`${FOLDER}${name}.ami`), expected };
    }),
  );
}
