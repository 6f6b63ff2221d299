import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { saidRu } from '../../src/ui/i18n/said-ru.js';

const SOURCES = path.resolve(import.meta.dirname, '../../src');
/** What stands for a text of somebody else, alone. */
const OTHERS = /^(X(: X| \(X\))?|why)$/;

/** `why: '…'` wherever outcomes are made; what is put in is X. */
function outcomes(): string[] {
  const files = ['integrations', 'delivery', 'alerts']
    .flatMap((folder) => readdirSync(path.join(SOURCES, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'settings.ts')
    .map((entry) => path.join(entry.parentPath, entry.name));
  const found = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bwhy:\s*(?:[^,'"`\n]{0,60}\?\s*)?(['"`])((?:\\.|(?!\1).)*)\1/gs)].map(
      ([, , text = '']) => text.replace(/\$\{[^}]*\}/g, 'X').replace(/X[^ ]*\{.*$/, 'X'),
    ),
  );
  return [...new Set(found)].filter((text) => !OTHERS.test(text));
}

it('every outcome the server words is known in Russian', () => {
  const all = outcomes();
  expect(all.length).toBeGreaterThan(60);
  expect(all.filter((text) => saidRu(text) === text)).toEqual([]);
});

it('so is why the sides of a day differ', () => {
  const source = readFileSync(path.join(SOURCES, 'recovery/reconcile.ts'), 'utf8');
  const kinds = source.match(/type DifferenceKind =([^;]*)/)?.[1] ?? '';
  const all = [...source.replaceAll(/^import .*$/gm, '').matchAll(/'((?:its?|the|nothing|not|Asterisk) [^']+)'/g)]
    .map(([, text = '']) => text)
    .filter((text) => !kinds.includes(`'${text}'`));
  expect(all.length).toBeGreaterThan(6);
  expect(all.filter((text) => saidRu(text) === text)).toEqual([]);
});

it('keeps what others said, inside of what we said too', () => {
  expect(saidRu('HTTP_503: RetailCRM has a fault of its own (503)')).toBe(
    'HTTP_503: внутренняя ошибка RetailCRM (503)',
  );
  expect(saidRu('given up after 5 attempts: the answer cannot be read: <html>')).toBe(
    'после 5 попыток больше не повторяем: ответ не читается: <html>',
  );
  expect(saidRu('shadow; smart redirect is not set up')).toBe('наблюдение; умная переадресация не настроена');
  expect(saidRu('Wrong "apiKey" value.')).toBe('Wrong "apiKey" value.');
  expect(saidRu('constructor')).toBe('constructor');
});
