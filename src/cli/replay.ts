import { parseArgs } from 'node:util';
import { integrationSource, notesOfPlans } from '../app-joints.js';
import type { CallEvent } from '../calls/vocabulary.js';
import { DEFAULT_EXTENSION_PATTERN, DEFAULT_INBOUND_CONTEXTS } from '../config/enterprise.js';
import { callProfiles } from '../config/profile.js';
import type { CallProfile } from '../config/profile.js';
import { createConnections } from '../integrations/connections.js';
import type { IntegrationSource } from '../integrations/connections.js';
import { registry } from '../integrations/registry.js';
import { createLogger } from '../platform/log.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { readCapture } from './replay/capture.js';
import { run } from './replay/run.js';
import { linesOf } from './story-print.js';
import { enterpriseIn, withWorkbench } from './workbench.js';

/** As whose the capture is read, and to whom its calls would be told. */
interface Reader {
  profile: CallProfile;
  source: IntegrationSource | null;
}

/** When no enterprise is named: any extension, and one account of each kind of CRM. */
const ANYBODY: Reader = {
  profile: {
    number: '0000',
    timezone: 'Europe/Minsk',
    country: 'BY',
    inboundContexts: DEFAULT_INBOUND_CONTEXTS,
    extensionPattern: DEFAULT_EXTENSION_PATTERN,
    lines: null,
    lineTransforms: {},
    staffMobiles: [],
    sources: ['ami'],
    selector: null,
  },
  source: {
    enterprise: '0000',
    timezone: 'Europe/Minsk',
    on: true,
    anonymous: 'record',
    integrations: Object.fromEntries(
      registry.map(({ id, example }) => [id, { ...(example as Record<string, unknown>), enabled: true }]),
    ),
  },
};

/** Feeds a recorded AMI session to a tracker of its own, and tells the story of each call. Nothing is written or sent. */
export async function replay(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: {
      enterprise: { type: 'string' },
      all: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('name one capture');
  const { facts, messages, dropped } = await readCapture(file);
  const { profile, source } = values.enterprise === undefined ? ANYBODY : await readerOf(context, values.enterprise);
  const connections = createConnections({
    registry,
    source: () => source,
    deps: () => ({ http: { request: () => Promise.reject(new Error('a replay sends nothing')) }, publicUrl: null }),
    log: createLogger('silent'),
  });
  const { events, stories } = run(facts, profile, (event: CallEvent, arrivedAt: number) =>
    notesOfPlans(event, connections.plan(profile.number, event), arrivedAt),
  );
  await connections.close();
  if (values.json) for (const event of events) context.stdout(JSON.stringify(event));
  else
    for (const story of stories) {
      for (const line of linesOf(story, { all: values.all, timezone: profile.timezone })) context.stdout(line);
      context.stdout('');
    }
  context.stderr(`${stories.length} calls, ${events.length} call events, ${messages} messages, ${dropped} dropped`);
  return 0;
}

async function readerOf(context: CommandContext, number: string): Promise<Reader> {
  return withWorkbench(context, async (bench) => {
    const enterprise = await enterpriseIn(bench, number, { secrets: true });
    const [profile = ANYBODY.profile] = callProfiles([{ ...enterprise, mode: 'on', selector: null }]);
    return { profile, source: integrationSource(enterprise) };
  });
}
