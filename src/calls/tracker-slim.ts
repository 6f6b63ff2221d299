/**
 * A group may ring thirty phones, and each of them is a leg. So a leg is kept, in memory and in the database, as what tells
 * it from the usual one: a phone that was called and rings. What is left out reads the same; a leg at work has everything.
 */
import type { Leg } from './tracker-types.js';

const USUAL: Omit<Leg, 'uid' | 'name' | 'party' | 'bornAt'> = {
  kind: 'extension',
  role: 'staff',
  state: 'ringing',
  context: null,
  exten: null,
  dialled: true,
  dialledBy: null,
  dialStatus: null,
  rangAt: null,
  bridge: null,
  held: false,
  unheldAt: null,
  ami: true,
  goneAt: null,
};

export function slimLeg(leg: Leg): Leg {
  const slim = Object.create(USUAL) as Record<string, unknown>;
  for (const [name, value] of Object.entries(leg)) if (USUAL[name as keyof typeof USUAL] !== value) slim[name] = value;
  return slim as unknown as Leg;
}

/** Also of one that was kept by an older version, which left nothing out. */
export function wholeLeg(leg: Leg): Leg {
  return { ...USUAL, ...leg };
}
