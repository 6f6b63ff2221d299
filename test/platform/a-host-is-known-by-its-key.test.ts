import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createHostKeys } from '../../src/db/host-keys.js';
import { openSsh, shellQuoted } from '../../src/platform/ssh.js';
import type { SshTarget } from '../../src/platform/ssh.js';
import { describeWith } from '../pbx/available.js';
import { startSshHost } from '../pbx/sshd.js';
import type { SshHost } from '../pbx/sshd.js';
import { withDb } from '../support/db.js';

const targetOf = (host: SshHost, over: Partial<SshTarget> = {}): SshTarget => ({
  host: host.host,
  port: host.port,
  username: host.users.shell,
  password: host.password,
  privateKey: null,
  hostKey: null,
  ...over,
});

describeWith(['asterisk-22'], 'a host over SSH', () => {
  it('is known by the key it was first seen with; with another one nothing is told to it', async () => {
    await withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const keys = createHostKeys(pool);
      const first = host.fingerprint();
      (await openSsh(targetOf(host), keys)).close();
      await host.changeHostKey();
      const before = host.log();
      const refusal = openSsh(targetOf(host), keys);
      await expect(refusal).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
      await expect(refusal).rejects.toThrow(first);
      expect(host.log().slice(before.length)).not.toMatch(/password|publickey|invalid user/i);
      // What an operator set goes before what was seen.
      (await openSsh(targetOf(host, { hostKey: host.fingerprint() }), keys)).close();
      await expect(openSsh(targetOf(host, { hostKey: first }), keys)).rejects.toMatchObject({
        code: 'SSH_HOST_KEY_CHANGED',
      });
    });
  });

  it('runs a command whatever is in its arguments, and says why it does not', async () => {
    await withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const keys = createHostKeys(pool);
      const shell = await openSsh(targetOf(host, { password: null, privateKey: host.privateKey }), keys);
      const odd = `it's "$(id)" \`id\` | ; & \\ ы\nnext`;
      const { stdout, ended } = await shell.run(`printf %s ${shellQuoted(odd)}; cat; exit 3`, ' and its input');
      expect(await text(stdout)).toBe(`${odd} and its input`);
      expect((await ended).code).toBe(3);
      writeFileSync(join(host.folder, 'a b'), 'held');
      const files = await shell.sftp();
      expect(await text(files.read(`${host.folderInside}/a b`, 0))).toBe('held');
      expect(await text(files.read(`${host.folderInside}/a b`, 1, 3))).toBe('el');
      expect(readFileSync(join(host.folder, 'a b'), 'utf8')).toBe('held');
      expect(await files.stat(`${host.folderInside}/none`)).toBeNull();
      await expect(text(files.read(`${host.folderInside}/none`, 0))).rejects.toMatchObject({ status: 2 });
      expect(files.isOpen()).toBe(true);
      shell.close();

      await expect(openSsh(targetOf(host, { password: 'wrong' }), keys)).rejects.toMatchObject({
        code: 'SSH_AUTH_FAILED',
      });
      await expect(openSsh(targetOf(host, { privateKey: 'no key' }), keys)).rejects.toMatchObject({
        code: 'SSH_AUTH_FAILED',
      });
      const lost = await openSsh(targetOf(host), keys);
      const { stdout: endless } = await lost.run('sleep 60');
      await host.kill();
      await expect(text(endless)).resolves.toBe('');
      await expect(lost.sftp()).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
      await expect(openSsh(targetOf(host), keys)).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
    });
  });
});
