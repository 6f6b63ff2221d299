/** The part of asterisk-manager 0.2.0 that is used; it ships no types. */
declare module 'asterisk-manager' {
  import type { NetConnectOpts } from 'node:net';

  interface Manager {
    options: { username: string; password: string };
    on(event: 'rawevent', listener: (item: Record<string, unknown>) => void): void;
    on(event: 'connect' | 'close' | 'end', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    removeAllListeners(event: string): void;
    listeners(event: string): unknown[];
    emit(event: string, ...args: unknown[]): boolean;
    /** The first argument goes to `net.createConnection` as it is. */
    connect(options: NetConnectOpts, host: undefined, callback: () => void): void;
    login(callback: (error?: unknown) => void): void;
    on(event: 'managerevent', listener: (event: Record<string, unknown>) => void): void;
    disconnect(callback: () => void): void;
    action(action: Record<string, string>, callback?: (error?: unknown, answer?: unknown) => void): string;
  }

  /** A falsy `port`: do not connect by itself. */
  function AsteriskManager(
    port: number | null,
    host: string | null,
    username: string,
    password: string,
    events: boolean,
  ): Manager;
  export = AsteriskManager;
}
