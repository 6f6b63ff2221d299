import type { CallFacts } from '../../src/calls/vocabulary.js';

/** An inbound call that has just begun and about which nothing else is known yet. */
export function callFactsOf(
  known: Pick<CallFacts, 'id' | 'enterprise' | 'uid' | 'startedAt'> & Partial<CallFacts>,
): CallFacts {
  return {
    externalId: `${known.enterprise}-${known.uid}`,
    pbx: '127.0.0.1:5038',
    direction: 'in',
    external: '+375290000001',
    line: null,
    caller: null,
    rang: [],
    answeredBy: null,
    agents: [],
    finalAgent: null,
    talks: [],
    transfers: [],
    result: null,
    skewMs: 0,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    waitMs: 0,
    talkMs: 0,
    spanMs: 0,
    queue: null,
    hold: false,
    recorded: false,
    recordingFile: null,
    approximate: false,
    recovered: false,
    ...known,
  };
}
