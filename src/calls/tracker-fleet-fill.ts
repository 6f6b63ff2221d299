/** What a post adds to a call AMI sees: the line, the number behind a gateway's line id, and a better end for a gap. */
import type { FleetEvent } from './facts.js';
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { lineIs, readExternal } from './tracker-client.js';
import { localEnd } from './tracker-time.js';
import type { LocalTime } from './tracker-time.js';

export function fillIn(work: Work, call: CallState, fleet: FleetEvent): void {
  call.webhook = true;
  if (fleet.uid !== call.uid) return;
  if (call.direction === 'in') {
    if (fleet.trunk !== null && !call.lineSure && (fleet.event === 'start' || fleet.event === 'dial')) {
      lineIs(work, call, fleet.trunk, true);
    }
    if (fleet.event === 'start' || fleet.event === 'dial') readExternal(work, call, fleet.phone);
  }
  if (fleet.event === 'hangup') call.fleet.endTime = endTimeOf(work, fleet, call.enterprise);
}

/** `EndTime` as Unix ms, by the PBX's clock. */
export function endTimeOf(work: Work, fleet: FleetEvent, enterprise: string | null | undefined): number | null {
  return localEnd(fleet.endTime, localTimeOf(work, fleet, enterprise));
}

export function localTimeOf(work: Work, fleet: FleetEvent, enterprise: string | null | undefined): LocalTime {
  return {
    uid: fleet.uid ?? '',
    anchor: fleet.startTime ?? fleet.dateReceived,
    zone: work.profileOf(enterprise)?.timezone ?? null,
    arrivedAt: work.now,
  };
}
