import { writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { expect, it } from 'vitest';
import { describeWith } from './available.js';
import { startSshHost, type SshHost } from './sshd.js';

describeWith(['asterisk-16', 'asterisk-22'], 'the SSH server of a PBX host', () => {
  it.each([16, 22] as const)(
    'shows one user a folder and lets another run commands (Debian of Asterisk %i)',
    async (version) => {
      await using host = await startSshHost({ version });
      writeFileSync(join(host.folder, 'one.wav'), 'RIFF');

      const files = await logIn(host, { username: host.users.files, password: host.password });
      expect(await list(files, '/')).toEqual(['one.wav']);
      await expect(run(files, 'id')).rejects.toThrow();
      files.end();

      const shell = await logIn(host, { username: host.users.shell, privateKey: host.privateKey });
      expect(await run(shell, `cat ${host.folderInside}/one.wav`)).toBe('RIFF');
      expect(JSON.parse(await run(shell, `sqlite3 -json :memory: "select 'a|b' as x"`))).toEqual([{ x: 'a|b' }]);
      expect(await run(shell, 'id -u')).not.toBe('0\n');
      shell.end();
    },
  );

  it('has a host key to be known by, which changes when told', async () => {
    await using host = await startSshHost({ version: 22 });
    const before = host.fingerprint();
    expect(await seenKey(host)).toBe(before);
    await host.changeHostKey();
    expect(host.fingerprint()).not.toBe(before);
    expect(await seenKey(host)).toBe(host.fingerprint());
  });

  it('is killed with its sessions and comes back', async () => {
    await using host = await startSshHost({ version: 22 });
    const client = await logIn(host, { username: host.users.shell, password: host.password });
    // Not by `once`, which takes the reset that comes first for a failure.
    const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
    await host.kill();
    await closed;
    await host.start();
    (await logIn(host, { username: host.users.shell, password: host.password })).end();
  });
});

async function logIn(host: SshHost, how: ConnectConfig): Promise<Client> {
  const client = new Client();
  // A server that is killed resets.
  client.on('error', () => undefined);
  client.connect({ host: host.host, port: host.port, ...how });
  await once(client, 'ready');
  return client;
}

async function seenKey(host: SshHost): Promise<string> {
  let seen = '';
  const client = await logIn(host, {
    username: host.users.shell,
    password: host.password,
    hostVerifier: (key: Buffer) => {
      seen = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
      return true;
    },
  });
  client.end();
  return seen;
}

function list(client: Client, path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    client.sftp((error: Error | undefined, sftp: SFTPWrapper) => {
      if (error) return reject(error);
      sftp.readdir(path, (failure, found) => {
        if (failure) reject(failure);
        else resolve(found.map(({ filename }) => filename));
      });
    });
  });
}

function run(client: Client, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => {
      if (error) return reject(error);
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('close', (code: number | null) =>
        code === 0 ? resolve(text) : reject(new Error(`it ended with ${String(code)}`)),
      );
    });
  });
}
