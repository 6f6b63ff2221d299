/**
 * A dialplan as the fleet's generator writes it, one enterprise a PBX (`ground.ts`).
 *
 * The older hosts run chan_sip and Macro, the newer ones PJSIP and Gosub; what the dialplan does is the same. A call that
 * comes in is answered at once, named, recorded, and sent through a chain of contexts with hashed names: a greeting, a
 * list of phones, the next one. Staff mobiles are dialled through the outgoing context over a Local channel. Everything a
 * phone dials, and everything a feature code transfers to, goes through `dialexecute`, whose `h` says `localcallEnd` for
 * whatever channel ends there, a client that was sent on included. What happens is said in `LisAMI_EventData`.
 */
import { createHash } from 'node:crypto';
import { DEPARTMENT, FOLLOW_ME, LINES, MOBILE, TRUNKS, type Stage } from './ground.js';

export interface FleetDialplan {
  readonly driver: 'chan_sip' | 'chan_pjsip';
  readonly subroutine: 'Macro' | 'Gosub';
  /** Hosts of a minority say it when a phone calls a phone. */
  readonly localcallStart: boolean;
  /** Whom the end of an outgoing call names: the caller id then, what a rewriting line saved, or who began it. */
  readonly outcallEnd: 'CALLERID(num)' | 'ORIG_CALLERID' | 'OriginalExtension';
  readonly greetingSeconds: number;
  readonly stageSeconds: number;
  readonly lastStageSeconds: number;
  /** How long a phone or a line rings that somebody dialled or transferred to. */
  readonly dialSeconds: number;
  /** Where the administrator has calls that come in look for their owner first. */
  readonly smartRedirect?: SmartRedirectFiles | undefined;
}

/** Files that are included, and what they are told. */
export interface SmartRedirectFiles {
  readonly text: string;
  readonly globals: Readonly<Record<string, string>>;
}

const hashed = (name: string): string => createHash('sha1').update(name).digest('hex').slice(0, 8);

/** The outgoing context most phones have, and that of one with no second line. */
const OUTGOING = hashed('outgoing');
const OUTGOING_ONE_LINE = hashed('outgoing, one line');
const ONE_LINE_ONLY = '117';
const OWNER = 'mngr25';
const NOW = '${STRFTIME(${EPOCH},,%Y-%m-%d %H:%M:%S)}';

export function fleetDialplan(options: FleetDialplan): string {
  const { run, macros, phone, overLine } = wordsOf(options);
  const dialOptions = 'mTtKk';
  const target = (number: string) => (number === MOBILE ? `Local/${number}@${OUTGOING}` : phone(number));
  const dial = (numbers: readonly string[], seconds: number) =>
    `Dial(${numbers.map(target).join('&')},${seconds},${dialOptions})`;

  const incoming = Object.entries(LINES).flatMap(([line, stages]) => stages.map((_, n) => schema(line, stages, n)));

  function schema(line: string, stages: readonly Stage[], n: number): string {
    const { greeting, ring } = stages[n] as Stage;
    const last = n === stages.length - 1;
    return context(schemaOf(line, n), [
      extension('_X.', [
        ...(greeting ? [`Wait(${options.greetingSeconds})`] : []),
        run('incall_dial', '${Trunk}', ring.join('&')),
        dial(ring, last ? options.lastStageSeconds : options.stageSeconds),
        last ? 'Hangup()' : `Goto(${schemaOf(line, n + 1)},\${EXTEN},1)`,
      ]),
      extension('h', [run('incall_end', '${Trunk}')]),
    ]);
  }

  const outgoing = (name: string, lines: readonly string[]) =>
    context(name, [
      ...NUMBERS.map((pattern) =>
        extension(pattern, [
          'MixMonitor(${UNIQUEID}.wav)',
          `GotoIf($[\${REGEX("^[+]?(375|80)[0-9]{9}$" \${EXTEN})} = 0]?forbidden,\${EXTEN},1)`,
          ...lines.flatMap((line) => [
            run('outcall_dial', line, '${EXTEN}'),
            `Dial(${overLine(line, '${EXTEN}')},${options.dialSeconds},${dialOptions})`,
            'GotoIf($["${DIALSTATUS}" = "NOANSWER"]?over)',
          ]),
          '(over),Hangup()',
        ]),
      ),
      extension('h', [run('outcall_end', '${LisAMI_Trunk}')]),
    ]);

  const { smartRedirect } = options;
  const toLines = [
    ...Object.keys(LINES).map((line) => `GotoIf($["\${EXTEN}" = "${line}"]?${schemaOf(line, 0)},\${EXTEN},1)`),
    'Hangup()',
  ];
  /** What an administrator writes around the files: their default route, and hooks that call what he has. */
  const redirecting = ({ text }: SmartRedirectFiles) => [
    context('fleet-lines', [extension('_X.', toLines), extension('h', [run('incall_end', '${Trunk}')])]),
    context('trunkline-hook-dial', [extension('s', [run('incall_dial', '${ARG2}', '${CUT(ARG1,/,2)}'), 'Return()'])]),
    context('trunkline-hook-hangup', [extension('s', [run('incall_end', '${ARG1}'), 'Return()'])]),
    text,
  ];

  return [
    '[general]\nstatic=yes\nwriteprotect=yes\n',
    '[globals]\nTRANSFER_CONTEXT=dialexecute\n',
    ...Object.entries(smartRedirect?.globals ?? {}).map(([name, value]) => `${name}=${value}`),
    context('from-out-office', [
      extension('_X.', [
        'Set(Trunk=${EXTEN})',
        'Answer()',
        run('incall_start', '${Trunk}'),
        'Set(CALLERID(num)=${CALLERID(name)})',
        'Set(CALLERID(name)=${NEWNAME}-${CALLERID(name)})',
        'MixMonitor(${UNIQUEID}.wav)',
        ...(smartRedirect ? ['Goto(smart-redirect-start,${EXTEN},1)'] : toLines),
      ]),
      extension('h', [run('incall_end', '${Trunk}')]),
    ]),
    ...incoming,
    ...(smartRedirect ? redirecting(smartRedirect) : []),
    context('inoffice', [
      ...['_X.', '_+X.'].map((pattern) =>
        extension(pattern, ['MixMonitor(${UNIQUEID}.wav)', 'Goto(dialexecute,${EXTEN},1)']),
      ),
    ]),
    context('dialexecute', [
      extension('_1XX', [
        ...(options.localcallStart ? [run('localcall_start', '${EXTEN}')] : []),
        `Dial(${phone('${EXTEN}')},${options.dialSeconds},${dialOptions})`,
        'Hangup()',
      ]),
      extension(FOLLOW_ME, [`Goto(${OWNER}_1,\${EXTEN},1)`]),
      extension(DEPARTMENT, [`Goto(${hashed(DEPARTMENT)},\${EXTEN},1)`]),
      extension('08', ['Pickup()', 'Hangup()']),
      ...NUMBERS.map((pattern) =>
        extension(pattern, [
          `GotoIf($["\${CUT(CHANNEL,-,1)}" = "${phone(ONE_LINE_ONLY)}"]?${OUTGOING_ONE_LINE},\${EXTEN},1)`,
          `Goto(${OUTGOING},\${EXTEN},1)`,
        ]),
      ),
      extension('h', [run('localcall_end')]),
    ]),
    outgoing(OUTGOING, TRUNKS),
    outgoing(OUTGOING_ONE_LINE, TRUNKS.slice(0, 1)),
    // A direction nobody may call: turned away without a word.
    context(
      'forbidden',
      NUMBERS.map((pattern) => extension(pattern, ['Hangup(21)'])),
    ),
    context(hashed(DEPARTMENT), [
      extension('_X.', [
        run('incall_dial', '${Trunk}', ['150', '151'].map(phone).join('&')),
        dial(['150', '151'], options.dialSeconds),
        'Hangup()',
      ]),
      extension('h', [run('incall_end', '${Trunk}')]),
    ]),
    ...[['150'], ['150', MOBILE]].map((ring, n, all) =>
      context(`${OWNER}_${n + 1}`, [
        extension('_X.', [
          // The owner's lowest extension is shown, whoever of his phones answers.
          'Set(LOCAL=150)',
          'Set(CONNECTEDLINE(num)=${LOCAL})',
          run('incall_dial', '${Trunk}', ring.join('&')),
          dial(ring, n === all.length - 1 ? options.lastStageSeconds : options.stageSeconds),
          n === all.length - 1 ? 'Hangup()' : `Goto(${OWNER}_${n + 2},\${EXTEN},1)`,
        ]),
        extension('h', [run('incall_end', '${Trunk}')]),
      ]),
    ),
    context('web-originate', [
      extension('_X.', ['Gosub(set-extcall-callerid,${EXTEN},1)', 'Goto(inoffice,${EXTEN},1)']),
    ]),
    context('set-extcall-callerid', [
      extension('_X.', [
        'Set(next=${DB(extcall/nextcall_${EXTEN})})',
        'ExecIf($["${next}" != ""]?Set(CALLERID(num)=${next}))',
        'ExecIf($["${next}" != ""]?Set(CALLERID(name)=${DB(extcall/nextname_${EXTEN})}))',
        'Set(gone=${DB_DELETE(extcall/nextcall_${EXTEN})})',
        'Return()',
      ]),
    ]),
    macros({
      incall_start: [
        `Set(CallStartDT=${NOW})`,
        'Set(LisAMI_CallType=in)',
        'Set(LisAMI_EventData=incallStart_${CALLERID(num)}_${ARG1})',
      ],
      incall_dial: ['Set(LisAMI_DialNum=${ARG2})', 'Set(LisAMI_EventData=incallDial_${CALLERID(num)}_${ARG2}_${ARG1})'],
      incall_end: [
        `Set(LisAMI_EventData=incallEnd_\${CALLERID(num)}_\${DIALEDPEERNUMBER}_\${CDR(start)}_\${CallStartDT}_${NOW}_\${ARG1}_\${DIALSTATUS})`,
      ],
      outcall_dial: [
        `Set(CallStartDT=${NOW})`,
        'Set(LisAMI_CallType=out)',
        'Set(LisAMI_Trunk=${ARG1})',
        'Set(LisAMI_PhoneTo=${ARG2})',
        'ExecIf($["${OriginalExtension}" = ""]?Set(OriginalExtension=${CALLERID(num)}))',
        'Set(LisAMI_EventData=outcallDial_${ARG2}_${CALLERID(num)}_${ARG1})',
      ],
      outcall_end: [
        `Set(LisAMI_EventData=outcallEnd_\${LisAMI_PhoneTo}_\${${options.outcallEnd}}_\${CDR(start)}_\${CallStartDT}_${NOW}_\${ARG1}_\${DIALSTATUS})`,
      ],
      localcall_start: ['Set(LisAMI_CallType=local)', 'Set(LisAMI_EventData=localcallStart_${CALLERID(num)}_${ARG1})'],
      localcall_end: [
        `Set(LisAMI_EventData=localcallEnd_\${CALLERID(num)}_\${DIALEDPEERNUMBER}_\${CDR(start)}_\${CallStartDT}_${NOW}_\${DIALSTATUS})`,
      ],
    }),
  ].join('\n');
}

/** What somebody outside is dialled by. */
const NUMBERS = ['_XXXX.', '_+XXXX.'];

const schemaOf = (line: string, n: number) => hashed(`${line}, stage ${n}`);

function context(name: string, extensions: readonly string[]): string {
  return `[${name}]\n${extensions.join('\n')}\n`;
}

/** A step `(label),App()` carries its label. */
function extension(pattern: string, steps: readonly string[]): string {
  return steps
    .map((step, n) => {
      const labelled = /^(\(\w+\)),(.*)$/s.exec(step);
      const [label, app] = labelled ? [labelled[1], labelled[2]] : ['', step];
      return n === 0 ? `exten => ${pattern},1${label},${app}` : ` same => n${label},${app}`;
    })
    .join('\n');
}

function wordsOf({ driver, subroutine }: FleetDialplan) {
  const sip = driver === 'chan_sip';
  return {
    run: (name: string, ...args: string[]) =>
      subroutine === 'Macro'
        ? `Macro(${[name, ...args].join(',')})`
        : `Gosub(macro-${name},s,1${args.length > 0 ? `(${args.join(',')})` : ''})`,
    macros: (all: Readonly<Record<string, readonly string[]>>) =>
      Object.entries(all)
        .map(([name, steps]) =>
          context(`macro-${name}`, [extension('s', [...steps, ...(subroutine === 'Gosub' ? ['Return()'] : [])])]),
        )
        .join('\n'),
    phone: (number: string) => (sip ? `SIP/${number}` : `PJSIP/${number}`),
    overLine: (line: string, number: string) => (sip ? `SIP/${line}/${number}` : `PJSIP/${number}@${line}`),
  };
}
