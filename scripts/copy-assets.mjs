// tsc copies only TypeScript: the migrations are read as text at run time, beside the compiled file.
import { cpSync, chmodSync } from 'node:fs';

cpSync('src/db/migrations', 'dist/db/migrations', { recursive: true });
chmodSync('dist/main.js', 0o755);
