import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../../src/cli/commands.js';
import { parseEnv, VARIABLES } from '../../src/config/env.js';
import { tunables } from '../../src/config/tunables.js';
import { ERROR_CODES } from '../../src/platform/errors.js';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('the pages for operators', () => {
  it('explain every error code, and no other', () => {
    const explained = [...read('docs/errors.md').matchAll(/^### (\S+)$/gm)].map((match) => match[1]);
    expect([...explained].sort()).toEqual([...ERROR_CODES].sort());
  });

  it('list every variable, and no other', () => {
    const listed = [...read('docs/operation.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect([...listed].sort()).toEqual([...VARIABLES].sort());
  });

  it('name every command in the README', () => {
    const readme = read('README.md');
    for (const { name } of commands) expect(readme).toMatch(new RegExp(`\`${name}[ \`]`));
  });

  it('link to files that are there', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      ...readdirSync(path.join(root, 'docs'))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/${name}`),
    ];
    const dead = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map((match) => path.join(path.dirname(page), match[1] ?? ''))
        .filter((target) => !existsSync(path.join(root, target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(dead).toEqual([]);
  });
});

describe('the example of the configuration file', () => {
  const text = read('config/trunkline.example.yaml');

  it('is one', () => {
    const config = parseEnv({ TRUNKLINE_CONFIG: 'example' }, () => text);
    expect(config.delivery.lifeMs?.perishable).toBe(15_000);
  });

  it('shows every variable and every section in full', () => {
    for (const name of VARIABLES) if (name !== 'TRUNKLINE_CONFIG') expect(text).toContain(`${name}:`);
    const shown = parse(text) as Record<string, Record<string, unknown>>;
    for (const [section, schema] of Object.entries(tunables)) {
      expect(Object.keys(shown[section] ?? {}).sort()).toEqual(Object.keys(schema.def.innerType.shape).sort());
    }
  });

  it('shows the defaults that the parts have', async () => {
    const { deliverySettings } = await import('../../src/delivery/settings.js');
    const { delivery } = parseEnv({ TRUNKLINE_CONFIG: 'example' }, () => text);
    expect(delivery).toEqual(deliverySettings());
  });
});
