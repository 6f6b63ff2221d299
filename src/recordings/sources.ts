/**
 * Sources that are open: several looks share one session. One that failed is not tried again for a moment, so that a dead host with a
 * thousand recordings holds nobody else up.
 */
import type { Clock } from '../platform/clock.js';
import type { HttpStreams } from '../platform/http-streams.js';
import type { HostKeys } from '../platform/ssh.js';
import { openFolder } from './folder-source.js';
import { openHttp } from './http-source.js';
import { SourceFailure } from './ports.js';
import type { RecordingEnterprise, Source } from './ports.js';
import { openSftp } from './sftp-source.js';

const IDLE_MS = 20_000;
const REST_MS = 10_000;

export interface Sources {
  /** @throws SourceFailure, TrunklineError */
  use<T>(enterprise: RecordingEnterprise, work: (source: Source) => Promise<T>): Promise<T>;
  close(): void;
}

interface Open {
  source: Promise<Source>;
  users: number;
  idle: NodeJS.Timeout | null;
}

export interface SourcesDeps {
  streams: HttpStreams;
  hostKeys: HostKeys;
  clock: Pick<Clock, 'monotonic'>;
  signal: AbortSignal;
}

export function createSources({ streams, hostKeys, clock, signal }: SourcesDeps): Sources {
  const open = new Map<string, Open>();
  const resting = new Map<string, { until: number; error: unknown }>();

  async function connect({ recordings, ssh }: RecordingEnterprise): Promise<Source> {
    switch (recordings.from) {
      case 'folder':
        return openFolder(recordings.root);
      case 'sftp':
        if (!ssh) throw new SourceFailure('the settings name no SSH host');
        return openSftp(ssh, recordings.root, hostKeys, signal);
      case 'http':
        if (recordings.url === null) throw new SourceFailure('the settings name no address');
        return openHttp(streams, { ...recordings, url: recordings.url });
    }
  }

  function drop(key: string, entry: Open): void {
    if (open.get(key) === entry) open.delete(key);
    if (entry.idle) clearTimeout(entry.idle);
    entry.source.then(
      (source) => source.close(),
      () => undefined,
    );
  }

  async function stillOpen(key: string): Promise<Open | null> {
    const entry = open.get(key);
    if (!entry) return null;
    const source = await entry.source.catch(() => null);
    if (source?.isOpen()) return open.get(key) ?? entry;
    drop(key, entry);
    return null;
  }

  return {
    async use(enterprise, work) {
      const { from, root, url, username, password } = enterprise.recordings;
      const key = JSON.stringify([from, root, url, username, password, from === 'sftp' ? enterprise.ssh : null]);
      const rest = resting.get(key);
      if (rest && rest.until > clock.monotonic()) throw rest.error;
      resting.delete(key);
      const entry = (await stillOpen(key)) ?? open.get(key) ?? { source: connect(enterprise), users: 0, idle: null };
      open.set(key, entry);
      if (entry.idle) clearTimeout(entry.idle);
      entry.idle = null;
      entry.users += 1;
      let source: Source;
      try {
        source = await entry.source;
      } catch (error) {
        resting.set(key, { until: clock.monotonic() + REST_MS, error });
        drop(key, entry);
        throw error;
      }
      try {
        return await work(source);
      } catch (error) {
        // What is wrong with one file is nothing to those who read others by this line.
        if (!source.isOpen()) drop(key, entry);
        throw error;
      } finally {
        entry.users -= 1;
        if (entry.users === 0 && open.get(key) === entry)
          entry.idle = setTimeout(() => drop(key, entry), IDLE_MS).unref();
      }
    },
    close() {
      for (const [key, entry] of open) drop(key, entry);
    },
  };
}
