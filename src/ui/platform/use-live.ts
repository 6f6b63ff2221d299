/** Subscribes while the component is shown; after a break, or on another way, from the last id that came. */
import { useEffect, useRef, useState } from 'react';
import { isUnauthorized } from './errors.js';
import { useLiveWay } from './live-line.js';
import { sessionEnded } from './session-end.js';

interface Handlers<T> {
  onStarted(): void;
  onData(message: { id: string; data: T }): void;
  onConnectionStateChange(state: { state: string }): void;
  onError(error: unknown): void;
  onComplete(): void;
}

type Subscribe<T> = (lastEventId: string | null, handlers: Handlers<T>) => { unsubscribe(): void };

export type LiveState = 'waiting' | 'live';

const AGAIN_MS = 2_000;

/** `key` says what is subscribed to; null: nothing yet. */
export function useLive<T>(
  key: string | null,
  subscribe: Subscribe<T>,
  onData: (data: T, id: string) => void,
): LiveState {
  const way = useLiveWay();
  const [state, setState] = useState<LiveState>('waiting');
  const [round, setRound] = useState(0);
  const latest = useRef({ subscribe, onData });
  const last = useRef<{ key: string; id: string } | null>(null);
  useEffect(() => {
    latest.current = { subscribe, onData };
  });

  useEffect(() => {
    if (key === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      setState('waiting');
      timer ??= setTimeout(() => setRound((n) => n + 1), AGAIN_MS);
    };
    const from = last.current?.key === key ? last.current.id : null;
    const subscription = latest.current.subscribe(from, {
      onStarted: () => setState('live'),
      onConnectionStateChange: ({ state: now }) => setState(now === 'pending' ? 'live' : 'waiting'),
      onData({ id, data }) {
        last.current = { key, id };
        setState('live');
        latest.current.onData(data, id);
      },
      onError(error) {
        if (isUnauthorized(error)) sessionEnded();
        else again();
      },
      // The server ends it when the session may not see it any more; asking again tells which.
      onComplete: again,
    });
    return () => {
      clearTimeout(timer);
      subscription.unsubscribe();
    };
  }, [key, way, round]);

  return state;
}
