import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AnyConnector } from '../../src/integrations/contract.js';
import { registry } from '../../src/integrations/registry.js';
import { aCall, eventsOf } from './example-calls.js';

const root = new URL('../../', import.meta.url);
const folders = readdirSync(new URL('src/integrations/', root), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe('every connector', () => {
  it('is a folder and a line of the registry, under one name, once', () => {
    expect(registry.map((connector) => connector.id).sort()).toEqual([...folders].sort());
  });

  it.each(folders)('%s has all its parts', (id) => {
    const parts = [
      ...['index.ts', 'settings.ts', 'client.ts', 'deliver.ts', 'README.md'].map(
        (file) => `src/integrations/${id}/${file}`,
      ),
      `src/cli/demo/standins/${id}/server.ts`,
      `test/standins/${id}/under-test.ts`,
      `test/integrations/${id}/contract.test.ts`,
    ];
    expect(parts.filter((part) => !existsSync(new URL(part, root)))).toEqual([]);
    expect(readFileSync(new URL(`test/integrations/${id}/contract.test.ts`, root), 'utf8')).toContain('contractSuite(');
  });

  it.each(folders)('%s imports the contract, calls and platform, and nothing else of ours', (id) => {
    const folder = new URL(`src/integrations/${id}/`, root);
    const foreign = readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(new URL(file, folder), 'utf8').matchAll(/from '(\.\.?\/[^']+)'/g)].map(
          (match) => match[1] ?? '',
        ),
      )
      .filter(
        (path) =>
          !/^(\.\/[\w-]+\.js|\.\.\/(contract|credit|http-outcome|people|responsible|rules)\.js|\.\.\/\.\.\/(calls|platform)\/[\w-]+\.js)$/.test(
            path,
          ),
      );
    expect(foreign).toEqual([]);
  });

  it.each(folders)(
    '%s has example settings that parse, and says of every finished call what it owes or why nothing',
    (id) => {
      const connector = registry.find((candidate) => candidate.id === id) as AnyConnector;
      const settings = connector.settings.parse(connector.example);
      const calls = [
        aCall(),
        aCall({ external: null }),
        aCall({ direction: 'internal', external: null, caller: '151' }),
      ];
      for (const facts of [...calls, aCall({ direction: 'out', caller: '151' }), aCall({ recovered: true })]) {
        expect(connector.plan(eventsOf(facts, 'missed').finished, settings)).not.toEqual([]);
      }
    },
  );

  it.each(folders)('%s documents every one of its settings', (id) => {
    const connector = registry.find((candidate) => candidate.id === id);
    const readme = readFileSync(new URL(`src/integrations/${id}/README.md`, root), 'utf8');
    const schema = z.toJSONSchema(connector?.settings ?? z.never(), { io: 'input' }) as { properties?: object };
    const names = Object.keys(schema.properties ?? {});
    expect(names).toEqual(expect.arrayContaining([...(connector?.secretFields ?? [])]));
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});
