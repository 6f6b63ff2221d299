// tsc copies only TypeScript: migrations and the demo's recorded calls are read at run time, beside the compiled files.
import { cpSync, chmodSync } from 'node:fs';

for (const folder of ['db/migrations', 'cli/demo/captures'])
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
chmodSync('dist/main.js', 0o755);
