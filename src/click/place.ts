/**
 * Places the call: the manager's phone first, which shows the client; once he takes it, the phone dials the client as if he had
 * done so himself. The channel's unique id is ours from the start, so the call is known for what it is wherever it turns up.
 *
 * `CONNECTEDLINE` is what the ringing phone shows, `CALLERID` whom the dialplan sees dialling. A `CallerID` header would set both
 * to the client, who would then be called from his own number.
 */
import type { ClickSettings } from './settings.js';
import type { Pbx } from './ports.js';

const ASK_MS = 2_000;
const PLACE_MS = 5_000;

export interface Placing {
  uid: string;
  extension: string;
  /** E.164. */
  phone: string;
  settings: ClickSettings;
}

/** @throws Error with an operator's words: nothing was dialled then, or the PBX refused to. */
export async function place(pbx: Pbx, { uid, extension, phone, settings }: Placing): Promise<void> {
  const way = await wayOf(pbx, extension, settings);
  const fill = (template: string) =>
    template.replaceAll('{extension}', extension).replaceAll('{phone}', phone).replaceAll('{digits}', phone.slice(1));
  const headers: Record<string, string | string[]> = {
    Channel: fill(way.channel),
    Context: way.context,
    Exten: fill(settings.dial),
    Priority: '1',
    Timeout: String(settings.ringSeconds * 1_000),
    ChannelId: uid,
    Variable: [`CONNECTEDLINE(num)=${phone}`, `CALLERID(num)=${extension}`],
    Async: 'true',
    // The second half of a Local channel needs an id of its own.
    ...(way.channel.startsWith('Local/') ? { OtherChannelId: `${uid}-2` } : {}),
  };
  const [answer] = await pbx.batch([{ name: 'Originate', headers }], PLACE_MS);
  if (answer?.status === 'rejected') throw answer.reason;
}

interface Way {
  channel: string;
  context: string;
}

/** What the settings leave open the PBX knows of its phones: channel driver and context, in functions of both drivers. */
async function wayOf(pbx: Pbx, extension: string, { channel, context }: ClickSettings): Promise<Way> {
  if (channel !== null && context !== null) return { channel, context };
  const drivers = [
    { technology: 'PJSIP', variable: `PJSIP_ENDPOINT(${extension},context)` },
    { technology: 'SIP', variable: `SIPPEER(${extension},context)` },
  ];
  const answers = await pbx.batch(
    drivers.map(({ variable }) => ({ name: 'Getvar', headers: { Variable: variable } })),
    ASK_MS,
  );
  for (const [index, { technology }] of drivers.entries()) {
    const answer = answers[index];
    const found = answer?.status === 'fulfilled' ? (answer.value.get('Value') ?? '') : '';
    if (/^[\w-]{1,80}$/.test(found) && found !== '(null)')
      return { channel: channel ?? `${technology}/{extension}`, context: context ?? found };
  }
  throw new Error(`the PBX knows no phone ${extension}: name channel and context in clickToCall`);
}
