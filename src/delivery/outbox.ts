import type { Clock } from '../platform/clock.js';
import type { CallEvent } from '../calls/vocabulary.js';
import type { DeliveryClass, Step } from '../integrations/contract.js';
import { laneKey } from './ports.js';
import type { LaneId } from './ports.js';
import { insertDeliveries, notifyLanes } from './store.js';
import type { NewDelivery, PoolClient } from './store.js';
import type { DeliverySettings } from './settings.js';
import { supersede, supersedeByLatest } from './sweep-store.js';

/** One call event and what one integration is owed for it. */
export interface Owed extends LaneId {
  event: CallEvent;
  steps: readonly Step[];
  /** Unix ms by this host's clock, when the event reached us; `event.at` when not told. A card lives from here. */
  arrivedAt?: number;
  /** None of it is sent before this time has passed, whatever happens; milliseconds. */
  holdMs?: number;
  /** It is held back for the recording of its call, when the step waits for that. */
  awaitsRecording?: boolean;
}

export interface Outbox {
  /**
   * Writes the deliveries in the caller's transaction, in the given order; what is owed already is left as it is. Cards
   * that a finish, or a later step of their name, makes pointless are settled with it. Answers the lanes to wake after the commit:
   * not those where everything waits longer than until the worker's next poll, which finds it in time.
   */
  owe(tx: PoolClient, owed: readonly Owed[]): Promise<LaneId[]>;
}

export interface OutboxDeps {
  clock: Pick<Clock, 'now'>;
  settings: Pick<DeliverySettings, 'lifeMs' | 'pollMs'>;
  /** Tell other processes by NOTIFY; default true. */
  notify?: boolean;
}

export function createOutbox({ clock, settings, notify = true }: OutboxDeps): Outbox {
  return {
    async owe(tx, owed) {
      const now = clock.now();
      const rows = owed.flatMap((one) => toRows(one, now, settings.lifeMs));
      if (rows.length === 0) return [];
      await insertDeliveries(tx, rows);
      // Of a recovered call nothing was owed before its finish.
      const finished = rows
        .filter(({ event }) => event.kind === 'call.finished' && !event.call.recovered)
        .map(({ callId }) => callId);
      if (finished.length > 0) await supersede(tx, [...new Set(finished)]);
      const latest = rows.filter((row) => row.latest);
      if (latest.length > 0) await supersedeByLatest(tx, latest);
      const soon = rows.filter(({ holdMs }) => holdMs < settings.pollMs);
      const lanes = [
        ...new Map(soon.map((row) => [laneKey(row), { enterprise: row.enterprise, type: row.type }])).values(),
      ];
      if (notify && lanes.length > 0) await notifyLanes(tx, lanesToPayload(lanes));
      return lanes;
    },
  };
}

function toRows(
  { enterprise, type, event, steps, arrivedAt, holdMs: heldMs = 0, awaitsRecording: awaits = false }: Owed,
  now: number,
  lifeMs: Record<DeliveryClass, number>,
): NewDelivery[] {
  const ageMs = Math.max(0, now - (arrivedAt ?? event.at));
  return steps.map(({ step, class: kind, latest = false, holdMs = 0, recording }) => ({
    enterprise,
    type,
    callId: event.call.id,
    seq: event.seq,
    step,
    class: kind,
    event,
    // A finish is owed however late it was learnt of: only what a person looks at grows stale.
    lifeMs: kind === 'durable' ? lifeMs.durable : lifeMs[kind] - ageMs,
    latest,
    holdMs: Math.max(holdMs, heldMs),
    heldBack: heldMs > 0,
    awaitsRecording: recording === 'awaited' && awaits,
  }));
}

/** Payloads of NOTIFY are short; an empty one means "look at everything". */
export function lanesToPayload(lanes: readonly LaneId[]): string {
  const text = JSON.stringify(lanes.map((lane) => [lane.enterprise, lane.type]));
  return Buffer.byteLength(text) < 4_000 ? text : '';
}

export function payloadToLanes(payload: string | undefined): LaneId[] | null {
  if (!payload) return null;
  try {
    return (JSON.parse(payload) as [string, string][]).map(([enterprise, type]) => ({ enterprise, type }));
  } catch {
    return null;
  }
}
