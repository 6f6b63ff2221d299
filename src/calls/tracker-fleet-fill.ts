/** What a post adds to a call AMI sees: the line, the number behind a gateway's line id, and a better end for a gap. */
import type { FleetEvent } from './facts.js';
import type { CallState } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { readExternal } from './tracker-client.js';
import { anchored } from './tracker-time.js';

export function fillIn(work: Work, call: CallState, fleet: FleetEvent): void {
  call.webhook = true;
  if (fleet.uid !== call.uid) return;
  if (call.direction === 'in') {
    if (fleet.trunk !== null && !call.lineSure && (fleet.event === 'start' || fleet.event === 'dial')) {
      call.line = fleet.trunk;
      call.lineSure = true;
    }
    if (fleet.event === 'start' || fleet.event === 'dial') readExternal(work, call, fleet.phone);
  }
  if (fleet.event === 'hangup') call.fleet.endTime = endTimeOf(fleet);
}

/** `EndTime` as Unix ms, by the PBX's clock. */
export function endTimeOf(fleet: FleetEvent): number | null {
  return anchored(fleet.endTime, fleet.startTime ?? fleet.dateReceived, fleet.uid ?? '');
}
