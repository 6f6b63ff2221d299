import type { Fact } from '../calls/facts.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { createPbxLink, moved } from './link.js';
import type { DialplanEvent, LinkMemory, PbxLink, PbxLinkState } from './link.js';
import type { SessionSettings } from './session.js';
import type { PbxTarget } from './target.js';

export interface PbxLinksDeps {
  clock: Clock;
  log: Logger;
  /** A fact from the PBX of that key. Called in order per PBX. */
  onFact(key: string, fact: Fact): void;
  /** What the dialplan of that PBX says by `UserEvent`. */
  onUserEvent?(key: string, event: DialplanEvent): void;
  settings?: Partial<SessionSettings>;
  random?: () => number;
}

/** All PBXs this daemon holds a link to. */
export interface PbxLinks {
  /**
   * Follows the settings: starts links that are wanted and not there, stops those no longer wanted, restarts those whose
   * target changed; the others are not touched. Calls are done one after another. Resolves when it is so; a link that is
   * still connecting counts as started.
   */
  apply(wanted: readonly PbxTarget[]): Promise<void>;
  get(key: string): PbxLink | undefined;
  states(): PbxLinkState[];
  /** Our clock was set by so much. */
  clockStepped(byMs: number): void;
  stop(): Promise<void>;
}

interface Held {
  link: PbxLink;
  /** The target as it was given, to tell a change. */
  print: string;
}

export function createPbxLinks(deps: PbxLinksDeps): PbxLinks {
  const held = new Map<string, Held>();
  /** What an ended link knew, for when its PBX is wanted again: since when events are missing. */
  const memories = new Map<string, LinkMemory>();
  let last: Promise<void> = Promise.resolve();

  function start(target: PbxTarget, print: string): void {
    const { key } = target;
    const memory = memories.get(key);
    memories.delete(key);
    const link = createPbxLink({
      target,
      clock: deps.clock,
      log: deps.log,
      onFact: (fact) => deps.onFact(key, fact),
      onUserEvent: (event) => deps.onUserEvent?.(key, event),
      ...(memory ? { memory } : {}),
      ...(deps.settings ? { settings: deps.settings } : {}),
      ...(deps.random ? { random: deps.random } : {}),
    });
    held.set(key, { link, print });
    link.start();
  }

  async function end(key: string, link: PbxLink): Promise<void> {
    await link.stop();
    held.delete(key);
    memories.set(key, link.memory());
  }

  async function follow(wanted: readonly PbxTarget[]): Promise<void> {
    const targets = new Map(wanted.map((target) => [target.key, target]));
    const prints = new Map(wanted.map((target) => [target.key, JSON.stringify(target)]));
    const ending = [...held].filter(([key, { print }]) => prints.get(key) !== print);
    await Promise.all(ending.map(([key, { link }]) => end(key, link)));
    for (const [key, target] of targets) if (!held.has(key)) start(target, prints.get(key) ?? '');
  }

  function apply(wanted: readonly PbxTarget[]): Promise<void> {
    const done = last.then(() => follow(wanted));
    last = done.catch(() => undefined);
    return done;
  }

  return {
    apply,
    get: (key) => held.get(key)?.link,
    clockStepped(byMs) {
      for (const [key, memory] of memories) memories.set(key, moved(memory, byMs));
      for (const { link } of held.values()) link.clockStepped(byMs);
    },
    states: () => [...held.values()].map(({ link }) => link.state()),
    stop: () => apply([]),
  };
}
