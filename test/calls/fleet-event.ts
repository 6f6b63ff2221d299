import type { FleetEvent } from '../../src/calls/facts.js';

/** An event of the fleet in which nothing is told but this. */
export function fleetEvent(told: Pick<FleetEvent, 'event'> & Partial<FleetEvent>): FleetEvent {
  return {
    uid: null,
    phone: null,
    extensions: [],
    callType: null,
    callStatus: null,
    trunk: null,
    bridge: null,
    channel: null,
    exten: null,
    context: null,
    callerNum: null,
    callerName: null,
    connectedNum: null,
    connectedName: null,
    bridgeNumChannels: null,
    dateReceived: null,
    startTime: null,
    endTime: null,
    externalInitiated: false,
    ...told,
  };
}
