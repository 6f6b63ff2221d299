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
  const usual: Record<string, unknown> = USUAL;
  const whole = leg as unknown as Record<string, unknown>;
  const slim = Object.create(USUAL) as Record<string, unknown>;
  // Without a list of its entries: each fact makes every leg of its call slim again.
  for (const name in whole) if (usual[name] !== whole[name]) slim[name] = whole[name];
  return slim as unknown as Leg;
}

/** By name: on the path of every fact, and what stands behind a slim leg is no entry of its own. */
export function wholeLeg(leg: Leg): Leg {
  return {
    uid: leg.uid,
    name: leg.name,
    kind: leg.kind,
    role: leg.role,
    party: leg.party,
    state: leg.state,
    context: leg.context,
    exten: leg.exten,
    dialled: leg.dialled,
    dialledBy: leg.dialledBy,
    dialStatus: leg.dialStatus,
    rangAt: leg.rangAt,
    bridge: leg.bridge,
    waitsIn: leg.waitsIn,
    held: leg.held,
    unheldAt: leg.unheldAt,
    ami: leg.ami,
    bornAt: leg.bornAt,
    goneAt: leg.goneAt,
  };
}
