// Builds the page (src/ui) into dist/ui: hashed files, each also as gzip and brotli, so that the daemon only has to send them.
//
//   node scripts/build-ui.mjs
//
// A page as new as its sources is left as it is. It is built beside its place and renamed, so that a running daemon never
// serves half of one.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const home = resolve(import.meta.dirname, '..');
const source = join(home, 'src/ui');
const target = join(home, 'dist/ui');
const building = `${target}.${process.pid}`;
const page = join(target, 'index.html');
/** Below this a compressed copy saves nothing. */
const SMALL = 1_024;

process.once('SIGTERM', () => {
  rmSync(building, { recursive: true, force: true });
  process.exit(143);
});

if (!existsSync(page) || newest() > statSync(page).mtimeMs) {
  try {
    await buildPage();
    compress(building);
    mkdirSync(join(home, 'dist'), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(building, target);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

async function buildPage() {
  // Also when tests build it: React's development build is twice as large and slower.
  process.env.NODE_ENV = 'production';
  const [{ build }, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')]);
  await build({
    configFile: false,
    root: source,
    // Relative: the site may live under a path.
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: building,
      emptyOutDir: true,
      target: 'es2022',
      // A strict content policy has no place for data: scripts and styles.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 800,
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [
              // What the first page needs comes in one piece, what several pages share in another: a browser asks an HTTP/1.1
              // server for six things at a time.
              { name: 'first', tags: ['$initial'], priority: 2 },
              { name: 'shared', minShareCount: 3, priority: 1 },
            ],
          },
        },
      },
    },
  });
}

function compress(folder) {
  for (const file of filesOf(folder)) {
    const bytes = readFileSync(file);
    if (bytes.length < SMALL || /\.(png|woff2)$/.test(file)) continue;
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  }
}

function newest() {
  const files = [...filesOf(source), join(home, 'package.json'), import.meta.filename];
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
