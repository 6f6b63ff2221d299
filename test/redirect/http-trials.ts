/** Calls on a PBX that asks over HTTP: what each meets on its line, and whose phones ring for it in the end. */

export interface HttpTrial {
  what: string;
  /** Whose client calls; null: nobody's. */
  owner: string | null;
  /** What the inbound context does before the call asks. */
  inbound?: readonly string[];
  /** Where it goes to ask; the file's own entry unless it says otherwise. */
  asks?: readonly string[];
  rings: readonly string[];
  /** On the display of the last one that rang. */
  shows?: string;
  /** The call is dropped: what the test would look like if one were. */
  lost?: true;
}

/** A file that is there if a command of an answer ran. */
export const WAS_HERE = '/tmp/trunkline-http-was-here';
const COMMAND = `\${SHELL(touch ${WAS_HERE})}`;

/** What a daemon, a proxy before it or another server in its place may answer; nobody may ring for any of it but the default route. */
export const NO_ANSWERS: Readonly<Record<string, { status?: number; body: string }>> = {
  'an error': { status: 500, body: '{"status":"error","code":"INTERNAL","message":"an error of ours, sorry"}' },
  'a page': { status: 502, body: '<html><head><title>502</title></head><body>PJSIP/151|Ann</body></html>' },
  'a redirect in circles': { status: 302, body: '' },
  'an empty answer': { body: '' },
  'no bar': { body: 'PJSIP/151' },
  'options of Dial': { body: 'PJSIP/151,20,g|Ann' },
  'two phones': { body: 'PJSIP/151&PJSIP/152|Ann' },
  'another technology': { body: 'DAHDI/1/151|Ann' },
  'a context': { body: 'from-internal,151,1|Ann' },
  'a command': { body: `${COMMAND}|Ann` },
  'a command in the name': { body: `PJSIP/151|<${COMMAND}>` },
  'two lines': { body: 'PJSIP/151|Ann\r\nX-Evil: yes' },
  JSON: { body: '{"success":true,"result":{"action":"redirected","target":"PJSIP/151","name":"Ann"}}' },
  'half of it': { body: 'PJSIP/15' },
  'bytes that are no text': { body: '\u0000\u0001PJSIP/151|\u0007' },
  'a hundred thousand letters': { body: 'PJSIP/151|'.padEnd(100_000, 'A').concat('<') },
};

export interface Places {
  daemon: string;
  faults: string;
  /** Nobody listens there. */
  nowhere: string;
  token: string;
  amiToken: string;
}

const FRONT_DESK = ['150'];
/** How long an answer may take that never comes. */
export const SOON_SECONDS = 2;

export function httpTrials({ daemon, faults, nowhere, amiToken }: Places): HttpTrial[] {
  const at = (url: string) => [`Set(TRUNKLINE_URL=${url})`];
  const fault = (what: string, path: string, ...before: string[]): HttpTrial => ({
    what,
    owner: '151',
    inbound: [...at(`${faults}/${path}`), ...before],
    rings: FRONT_DESK,
  });
  const soon = `Set(TRUNKLINE_HTTP=${SOON_SECONDS})`;
  const ami = `Set(TRUNKLINE_TOKEN=${amiToken})`;
  return [
    { what: 'the owner is free', owner: '151', rings: ['151'], shows: 'Ann VIP 151 Ltd' },
    { what: 'nobody owns the client', owner: null, rings: FRONT_DESK },
    { what: 'the owner does not answer', owner: '152', rings: ['152', '150'], shows: 'Ann VIP 152 Ltd' },
    { what: 'the owner’s phone says it is busy', owner: '153', rings: ['153', '150'] },
    { what: 'the owner is in a call', owner: '154', rings: FRONT_DESK },
    {
      what: 'the owner is in a call and may be rung all the same',
      owner: '155',
      inbound: ['Set(TRUNKLINE_RINGBUSY=yes)'],
      rings: ['155'],
    },
    { what: 'the owner’s phone is not there', owner: '149', rings: FRONT_DESK },
    {
      what: 'the call asks twice, and the headers with it',
      owner: '156',
      inbound: ['Set(TRUNKLINE_DEFAULT=again)', 'Set(TRUNKLINE_RING=1)'],
      rings: ['156', '156', '150'],
    },
    {
      what: 'AMI shows that the owner is in a call: his substitute is named',
      owner: '157',
      inbound: [ami],
      rings: ['158'],
    },
    {
      what: 'AMI sends the call on when it is seen to wait',
      owner: '159',
      inbound: [ami],
      asks: [
        'Set(CURLOPT(httpheader)=Token: ${TRUNKLINE_TOKEN})',
        'Set(ANSWER=${CURL(${TRUNKLINE_URL}/api/smart-redirect/incoming-call,{"phone":"${CALLERID(num)}","unique_id":"${UNIQUEID}","channel":"${CHANNEL}","trunk":"${EXTEN}"})})',
        'Log(NOTICE,answered ${ANSWER})',
        'Wait(0.2)',
        'Goto(waitredirect,${EXTEN},1)',
      ],
      rings: ['159'],
      shows: 'Ann VIP 159 Ltd',
    },
    { what: 'the token is unknown', owner: '151', inbound: ['Set(TRUNKLINE_TOKEN=no-such-token)'], rings: FRONT_DESK },
    { what: 'there is no token', owner: '151', inbound: ['Set(TRUNKLINE_TOKEN=)'], rings: FRONT_DESK },
    { what: 'no address is set', owner: '151', inbound: at(''), rings: FRONT_DESK },
    { what: 'the path is wrong', owner: '151', inbound: at(`${daemon}/nowhere`), rings: FRONT_DESK },
    { what: 'nobody listens', owner: '151', inbound: at(nowhere), rings: FRONT_DESK },
    { what: 'the name does not resolve', owner: '151', inbound: at('http://trunkline.invalid'), rings: FRONT_DESK },
    fault('the answer never comes', 'silent', soon),
    fault('the answer comes byte by byte for ever', 'drip', soon),
    fault('the line is cut in the middle', 'cut'),
    ...Object.keys(NO_ANSWERS).map((name) => fault(`the answer is ${name}`, encodeURIComponent(name))),
  ];
}
