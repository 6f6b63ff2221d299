import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
let tree: string;

/** The code blocks of the page, each with the file it says it is of, in order. */
function blocksOf(page: string): { file: string; language: string; text: string }[] {
  return [...page.matchAll(/`([\w./-]+\.(?:ts|md))`\n\n```(ts|md|diff)\n([\s\S]*?)\n```/g)].map(
    ([, file = '', language = '', text = '']) => ({ file, language, text }),
  );
}

/** A line with a minus gives way to the one with a plus behind it; a plus alone comes on top. */
function patched(text: string, diff: string): string {
  return diff.split('\n').reduce((now, line, index, all) => {
    const before = all[index - 1];
    if (!line.startsWith('+')) return now;
    if (!before?.startsWith('-')) return `${line.slice(1)}\n${now}`;
    if (!now.includes(`${before.slice(1)}\n`)) throw new Error(`the page takes out what is not there: ${before}`);
    return now.replace(before.slice(1), line.slice(1));
  }, text);
}

beforeAll(() => {
  const cache = path.join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  tree = mkdtempSync(path.join(cache, 'recipe-'));
  for (const part of ['src', 'test/integrations', 'test/standins', 'test/support', 'test/calls/acted', 'test/delivery'])
    cpSync(path.join(root, part), path.join(tree, part), { recursive: true });
  for (const file of ['package.json', 'tsconfig.json']) cpSync(path.join(root, file), path.join(tree, file));
  symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
  for (const { file, language, text } of blocksOf(readFileSync(path.join(root, 'docs/adding-a-crm.md'), 'utf8'))) {
    const place = path.join(tree, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, language === 'diff' ? patched(readFileSync(place, 'utf8'), text) : `${text}\n`);
  }
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

it('names every file that is to be made, and the one line', () => {
  const blocks = blocksOf(readFileSync(path.join(root, 'docs/adding-a-crm.md'), 'utf8'));
  expect(blocks.filter(({ language }) => language === 'diff').map(({ file }) => file)).toEqual([
    'src/integrations/registry.ts',
  ]);
  expect(blocks.length).toBe(9);
});

it('makes a connector that is typed as it should be', { timeout: 120_000 }, async () => {
  const files = ['src/integrations/registry.ts', 'test/integrations/megaplan/contract.test.ts'];
  writeFileSync(
    path.join(tree, 'tsconfig.recipe.json'),
    JSON.stringify({ extends: './tsconfig.json', files, include: [] }),
  );
  const { stdout } = await run('node_modules/.bin/tsc', ['-p', 'tsconfig.recipe.json'], { cwd: tree }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

it('makes a connector that passes the exam of all', { timeout: 120_000 }, async () => {
  writeFileSync(path.join(tree, 'vitest.config.mjs'), 'export default { test: { include: ["test/**/*.test.ts"] } };\n');
  const tests = ['test/integrations/megaplan', 'test/integrations/every-connector.test.ts'];
  const report = path.join(tree, 'report.json');
  const ran = await run('node_modules/.bin/vitest', ['run', ...tests, '--reporter=json', `--outputFile=${report}`], {
    cwd: tree,
  }).catch((error: { stderr: string }) => error);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { message: string; assertionResults: { status: string; fullName: string }[] }[];
  };
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect([ran.stderr, ...testResults.map(({ message }) => message)].join('')).toBe('');
  expect(results.filter(({ status }) => status !== 'passed').map(({ fullName }) => fullName)).toEqual([]);
  expect(results.filter(({ fullName }) => fullName.startsWith('Megaplan keeps')).length).toBeGreaterThan(60);
});
